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
    <field configurationFlags="None" name="image_id">
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
    <alias index="0" field="id" name="Sequence id"/>
    <alias index="1" field="image_id" name="Image id"/>
    <alias index="2" field="captured_at" name="Captured at (UTC)"/>
    <alias index="3" field="is_pano" name="Panorama"/>
    <alias index="4" field="creator_id" name="Creator id"/>
    <alias index="5" field="organization_id" name="Organization id"/>
    <alias index="6" field="on_foot" name="On foot"/>
    <alias index="7" field="quality_score" name="Quality (0 to 1)"/>
  </aliases>
  <editorlayout>tablayout</editorlayout>
  <attributeEditorForm>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Picture" showLabel="0">
      <attributeEditorHtmlElement name="Picture" showLabel="0">&lt;div id='picture'>The action “Open image” shows it in the image panel.&lt;/div>&lt;script>(function () { var shown = ''; var looks = 0; function look() { var address = expression.evaluate("with_variable('mapillary_tip', true, eval('mapillary_picture(image_id)'))"); if (address &amp;&amp; address !== shown) { shown = address; document.getElementById('picture').innerHTML = "&lt;img width='256' src='" + address + "'>"; } looks += 1; if (looks &lt; 40) { setTimeout(look, 300); } } if (typeof expression !== 'undefined') { look(); } })();&lt;/script></attributeEditorHtmlElement>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Sequence" showLabel="1">
      <attributeEditorField index="2" name="captured_at" showLabel="1"/>
      <attributeEditorField index="3" name="is_pano" showLabel="1"/>
      <attributeEditorField index="6" name="on_foot" showLabel="1"/>
      <attributeEditorField index="7" name="quality_score" showLabel="1"/>
    </attributeEditorContainer>
    <attributeEditorContainer visibilityExpressionEnabled="0" groupBox="1" columnCount="1" visibilityExpression="" name="Ids" showLabel="1">
      <attributeEditorField index="0" name="id" showLabel="1"/>
      <attributeEditorField index="1" name="image_id" showLabel="1"/>
      <attributeEditorField index="4" name="creator_id" showLabel="1"/>
      <attributeEditorField index="5" name="organization_id" showLabel="1"/>
    </attributeEditorContainer>
  </attributeEditorForm>
  <editable>
    <field name="creator_id" editable="0"/>
    <field name="id" editable="0"/>
    <field name="image_id" editable="0"/>
    <field name="organization_id" editable="0"/>
  </editable>
  <attributeactions>
    <defaultAction key="Canvas" value="{51a52b53-004f-4bd0-a3d6-ae0f31d629a7}"/>
    <defaultAction key="Feature" value="{51a52b53-004f-4bd0-a3d6-ae0f31d629a7}"/>
    <actionsetting type="1" id="{51a52b53-004f-4bd0-a3d6-ae0f31d629a7}" name="Open image" shortTitle="Open image" action="import qgis.utils&#xa;if 'mapillary_coverage' in qgis.utils.plugins:&#xa;    qgis.utils.plugins['mapillary_coverage'].open_image('[% regexp_substr(attribute('image_id'), '^[0-9]{1,20}$') %]')&#xa;else:&#xa;    qgis.utils.iface.messageBar().pushWarning(&#xa;        'Mapillary Coverage',&#xa;        'The plugin Mapillary Coverage, which opens images, is not enabled. Enable it in Plugins &gt; Manage and Install Plugins.',&#xa;    )&#xa;" icon="" capture="0" isEnabledOnlyWhenEditable="0" notificationMessage="">
      <actionScope id="Canvas"/>
      <actionScope id="Feature"/>
      <actionScope id="Field"/>
    </actionsetting>
    <actionsetting type="5" id="{847a8f3a-a700-4533-bb5b-80af30995c40}" name="Open in Mapillary" shortTitle="Open in Mapillary" action="https://www.mapillary.com/app/?pKey=[% regexp_substr(attribute('image_id'), '^[0-9]{1,20}$') %]&amp;focus=photo" icon="" capture="0" isEnabledOnlyWhenEditable="0" notificationMessage="">
      <actionScope id="Canvas"/>
      <actionScope id="Feature"/>
      <actionScope id="Field"/>
    </actionsetting>
  </attributeactions>
  <mapTip>[% coalesce('&lt;img src="' || with_variable('mapillary_tip', true, eval('mapillary_picture("image_id")')) || '"&gt;&lt;br&gt;', '') %]
&lt;b&gt;[% if("is_pano", 'Sequence of panoramas', 'Sequence') %]&lt;/b&gt;
[% coalesce('&lt;br&gt;From ' || format_date("captured_at", 'yyyy-MM-dd HH:mm') || ' UTC', '') %]
[% coalesce('&lt;br&gt;By user ' || nullif(regexp_substr("creator_id", '^[0-9]{1,20}$'), ''), '') %]
[% coalesce('&lt;br&gt;Sequence ' || replace(left("id", 60), map('&amp;', '&amp;amp;', '&lt;', '&amp;lt;')), '') %]</mapTip>
  <layerGeometryType>1</layerGeometryType>
</qgis>
