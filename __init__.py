"""Mapillary Coverage, a QGIS plugin. Importing this package imports nothing else."""


def classFactory(iface):  # noqa: N802
    """The plugin, as QGIS asks for it. `iface` is None in qgis_process."""
    from .plugin import MapillaryCoveragePlugin

    return MapillaryCoveragePlugin(iface)
