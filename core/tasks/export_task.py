"""An export as a task of QGIS' task manager."""

from __future__ import annotations

from pathlib import Path

from ..export.plan import ExportPlan
from .task import PluginTask


class ExportTask(PluginTask):
    """Afterwards `paths` names the files, or `error` says why there are none."""

    def __init__(self, plan: ExportPlan) -> None:
        super().__init__("Mapillary: exporting")
        self.plan = plan
        self.paths: list[Path] = []

    def work(self) -> None:
        """In a thread of the task manager."""
        from ..export.run import run_export

        self.paths = run_export(self.plan, self.isCanceled, self.setProgress)
