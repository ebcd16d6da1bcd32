"""The image tool in a real QGIS window: keys that QGIS has for nothing else."""

from tests.desktop.session import DesktopSession


def test_the_shortcut_takes_the_tool(tmp_path):
    with DesktopSession(tmp_path) as session:
        session.click("iface.mapCanvas()")
        session.press("ctrl+shift+y")
        session.wait_until("iface.mapCanvas().mapTool() is plugin._images.dock.tool", 10)
