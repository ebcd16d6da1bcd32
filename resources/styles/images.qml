<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Fields|Forms|MapTips|Actions|Temporal" version="3.22.16-Białowieża">
  <temporal fixedDuration="0" accumulate="0" startField="captured_at" enabled="1" mode="1" durationField="" limitMode="1" endExpression="" durationUnit="min" startExpression="" endField=""></temporal>
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
    <field configurationFlags="None" name="sequence_id">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="captured_at">
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
    <field configurationFlags="None" name="compass_angle">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="is_pano">
      <editWidget type="ValueMap">
        <config>
          <Option type="Map">
            <Option name="map" type="List">
              <Option type="Map">
                <Option value="true" name="Yes" type="QString"/>
              </Option>
              <Option type="Map">
                <Option value="false" name="No" type="QString"/>
              </Option>
            </Option>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="creator_id">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="organization_id">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="on_foot">
      <editWidget type="ValueMap">
        <config>
          <Option type="Map">
            <Option name="map" type="List">
              <Option type="Map">
                <Option value="true" name="Yes" type="QString"/>
              </Option>
              <Option type="Map">
                <Option value="false" name="No" type="QString"/>
              </Option>
            </Option>
          </Option>
        </config>
      </editWidget>
    </field>
    <field configurationFlags="None" name="quality_score">
      <editWidget type="TextEdit">
        <config>
          <Option type="Map">
            <Option value="false" name="IsMultiline" type="bool"/>
            <Option value="false" name="UseHtml" type="bool"/>
          </Option>
        </config>
      </editWidget>
    </field>
  </fieldConfiguration>
  <aliases>
    <alias index="0" field="id" name="Image id"/>
    <alias index="1" field="sequence_id" name="Sequence id"/>
    <alias index="2" field="captured_at" name="Captured at (UTC)"/>
    <alias index="3" field="compass_angle" name="Direction (°)"/>
    <alias index="4" field="is_pano" name="Panorama"/>
    <alias index="5" field="creator_id" name="Creator id"/>
    <alias index="6" field="organization_id" name="Organization id"/>
    <alias index="7" field="on_foot" name="On foot"/>
    <alias index="8" field="quality_score" name="Quality (0 to 1)"/>
  </aliases>
  <editorlayout>tablayout</editorlayout>
  <attributeEditorForm>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Picture" showLabel="0">
      <attributeEditorHtmlElement name="Picture" showLabel="0">&lt;div id='picture'>The action “Open image” shows it in the image panel.&lt;/div>&lt;script>(function () { var shown = ''; var looks = 0; function look() { var address = expression.evaluate("with_variable('mapillary_tip', true, eval('mapillary_picture(id)'))"); if (address &amp;&amp; address !== shown) { shown = address; document.getElementById('picture').innerHTML = "&lt;img width='256' src='" + address + "'>"; } looks += 1; if (looks &lt; 40) { setTimeout(look, 300); } } if (typeof expression !== 'undefined') { look(); } })();&lt;/script></attributeEditorHtmlElement>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Image" showLabel="1">
      <attributeEditorField index="2" name="captured_at" showLabel="1"/>
      <attributeEditorField index="4" name="is_pano" showLabel="1"/>
      <attributeEditorField index="3" name="compass_angle" showLabel="1"/>
      <attributeEditorField index="7" name="on_foot" showLabel="1"/>
      <attributeEditorField index="8" name="quality_score" showLabel="1"/>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Ids" showLabel="1">
      <attributeEditorField index="0" name="id" showLabel="1"/>
      <attributeEditorField index="1" name="sequence_id" showLabel="1"/>
      <attributeEditorField index="5" name="creator_id" showLabel="1"/>
      <attributeEditorField index="6" name="organization_id" showLabel="1"/>
    </attributeEditorContainer>
  </attributeEditorForm>
  <editable>
    <field name="creator_id" editable="0"/>
    <field name="id" editable="0"/>
    <field name="organization_id" editable="0"/>
    <field name="sequence_id" editable="0"/>
  </editable>
  <attributeactions>
    <defaultAction key="Canvas" value="{7554c2af-09d1-4893-99b8-7568a7972000}"/>
    <defaultAction key="Feature" value="{7554c2af-09d1-4893-99b8-7568a7972000}"/>
    <actionsetting type="1" id="{7554c2af-09d1-4893-99b8-7568a7972000}" name="Open image" shortTitle="Open image" action="import qgis.utils&#xa;if 'mapillary_coverage' in qgis.utils.plugins:&#xa;    qgis.utils.plugins['mapillary_coverage'].open_image('[% regexp_substr(attribute('id'), '^[0-9]{1,20}$') %]')&#xa;else:&#xa;    qgis.utils.iface.messageBar().pushWarning(&#xa;        'Mapillary Coverage',&#xa;        'The plugin Mapillary Coverage, which opens images, is not enabled. Enable it in Plugins &gt; Manage and Install Plugins.',&#xa;    )&#xa;" icon="" capture="0" isEnabledOnlyWhenEditable="0" notificationMessage="">
      <actionScope id="Canvas"/>
      <actionScope id="Feature"/>
      <actionScope id="Field"/>
    </actionsetting>
    <actionsetting type="5" id="{407d840d-200f-40ec-b8d2-3904ec63ffca}" name="Open in Mapillary" shortTitle="Open in Mapillary" action="https://www.mapillary.com/app/?pKey=[% regexp_substr(attribute('id'), '^[0-9]{1,20}$') %]&amp;focus=photo" icon="" capture="0" isEnabledOnlyWhenEditable="0" notificationMessage="">
      <actionScope id="Canvas"/>
      <actionScope id="Feature"/>
      <actionScope id="Field"/>
    </actionsetting>
  </attributeactions>
  <mapTip>[% coalesce('&lt;img src="' || with_variable('mapillary_tip', true, eval('mapillary_picture("id")')) || '"&gt;&lt;br&gt;', '') %]
&lt;b&gt;[% if("is_pano", 'Panorama', 'Image') %]&lt;/b&gt;
[% coalesce('&lt;br&gt;' || format_date("captured_at", 'yyyy-MM-dd HH:mm') || ' UTC', '') %]
[% coalesce('&lt;br&gt;Facing ' || (round("compass_angle") % 360) || '°', '') %]
[% coalesce('&lt;br&gt;By user ' || nullif(regexp_substr("creator_id", '^[0-9]{1,20}$'), ''), '') %]
[% coalesce('&lt;br&gt;Image ' || nullif(regexp_substr("id", '^[0-9]{1,20}$'), ''), '') %]</mapTip>
  <layerGeometryType>0</layerGeometryType>
</qgis>
