<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Fields|Forms|MapTips|Actions|Temporal" version="3.22.16-Białowieża">
  <temporal fixedDuration="0" accumulate="0" startField="first_seen_at" enabled="1" mode="2" durationField="" limitMode="1" endExpression="" durationUnit="min" startExpression="" endField="last_seen_at"></temporal>
  <fieldConfiguration>
    <field configurationFlags="None" name="id">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="value">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="label">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="first_seen_at">
      <editWidget type="DateTime">
        <config>
          <Option type="Map">
            <Option value="true" name="allow_null" type="bool"/>
            <Option value="true" name="calendar_popup" type="bool"/>
            <Option value="yyyy-MM-dd HH:mm:ss" name="display_format" type="QString"/>
            <Option value="yyyy-MM-dd HH:mm:ss" name="field_format" type="QString"/>
            <Option value="false" name="field_format_overwrite" type="bool"/>
            <Option value="false" name="field_iso_format" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="last_seen_at">
      <editWidget type="DateTime">
        <config>
          <Option type="Map">
            <Option value="true" name="allow_null" type="bool"/>
            <Option value="true" name="calendar_popup" type="bool"/>
            <Option value="yyyy-MM-dd HH:mm:ss" name="display_format" type="QString"/>
            <Option value="yyyy-MM-dd HH:mm:ss" name="field_format" type="QString"/>
            <Option value="false" name="field_format_overwrite" type="bool"/>
            <Option value="false" name="field_iso_format" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="kind">
      <editWidget type="ValueMap">
        <config>
          <Option type="Map">
            <Option name="map" type="List">
              <Option type="Map">
                <Option value="point" name="Object" type="QString"/>
              </Option>
              <Option type="Map">
                <Option value="traffic_sign" name="Traffic sign" type="QString"/>
              </Option>
            </Option>
          </Option>
        </config>
      </editWidget>
    </field>
  </fieldConfiguration>
  <aliases>
    <alias index="0" field="id" name="Map feature id"/>
    <alias index="1" field="value" name="Value"/>
    <alias index="2" field="label" name="What it is"/>
    <alias index="3" field="first_seen_at" name="First seen (UTC)"/>
    <alias index="4" field="last_seen_at" name="Last seen (UTC)"/>
    <alias index="5" field="kind" name="Kind"/>
  </aliases>
  <editorlayout>tablayout</editorlayout>
  <attributeEditorForm>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Symbol" showLabel="0">
      <attributeEditorHtmlElement name="Symbol" showLabel="0">&lt;div id='symbol'>The action “Open map feature” shows it in the image panel.&lt;/div>&lt;script>if (typeof expression !== 'undefined') { var address = expression.evaluate("eval('mapillary_symbol(value)')"); if (address) { document.getElementById('symbol').innerHTML = "&lt;img width='48' height='48' src='" + address + "'>"; } }&lt;/script></attributeEditorHtmlElement>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Map feature" showLabel="1">
      <attributeEditorField index="2" name="label" showLabel="1"/>
      <attributeEditorField index="5" name="kind" showLabel="1"/>
      <attributeEditorField index="3" name="first_seen_at" showLabel="1"/>
      <attributeEditorField index="4" name="last_seen_at" showLabel="1"/>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Ids" showLabel="1">
      <attributeEditorField index="0" name="id" showLabel="1"/>
      <attributeEditorField index="1" name="value" showLabel="1"/>
    </attributeEditorContainer>
  </attributeEditorForm>
  <editable>
    <field name="id" editable="0"/>
    <field name="value" editable="0"/>
  </editable>
  <attributeactions>
    <defaultAction key="Canvas" value="{ada391cb-7a19-44b1-ba49-46c7c9699c44}"/>
    <defaultAction key="Feature" value="{ada391cb-7a19-44b1-ba49-46c7c9699c44}"/>
    <actionsetting type="1" id="{ada391cb-7a19-44b1-ba49-46c7c9699c44}" name="Open map feature" shortTitle="Open map feature" action="import qgis.utils&#xa;if 'mapillary_coverage' in qgis.utils.plugins:&#xa;    qgis.utils.plugins['mapillary_coverage'].open_map_feature('[% regexp_substr(attribute('id'), '^[0-9]{1,20}$') %]')&#xa;else:&#xa;    qgis.utils.iface.messageBar().pushWarning(&#xa;        'Mapillary Coverage',&#xa;        'The plugin Mapillary Coverage, which opens map features, is not enabled. Enable it in Plugins &gt; Manage and Install Plugins.',&#xa;    )&#xa;" icon="" capture="0" isEnabledOnlyWhenEditable="0" notificationMessage="">
      <actionScope id="Canvas"/>
      <actionScope id="Feature"/>
      <actionScope id="Field"/>
    </actionsetting>
  </attributeactions>
  <mapTip>[% coalesce('&lt;img width="48" height="48" src="' || eval('mapillary_symbol("value")') || '"&gt;&lt;br&gt;', '') %]
&lt;b&gt;[% replace(left(coalesce("label", "value", 'Map feature'), 120), map('&amp;', '&amp;amp;', '&lt;', '&amp;lt;')) %]&lt;/b&gt;
[% coalesce('&lt;br&gt;' || replace(left("value", 120), map('&amp;', '&amp;amp;', '&lt;', '&amp;lt;')), '') %]
&lt;br&gt;Seen from [% coalesce(format_date("first_seen_at", 'yyyy-MM-dd'), '?') %] to [% coalesce(format_date("last_seen_at", 'yyyy-MM-dd'), '?') %] (UTC)
[% coalesce('&lt;br&gt;Map feature ' || nullif(regexp_substr("id", '^[0-9]{1,20}$'), ''), '') %]</mapTip>
  <layerGeometryType>0</layerGeometryType>
</qgis>
