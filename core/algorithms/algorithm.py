"""What all our algorithms do alike: errors become sentences, and a cancelled run writes nothing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from qgis.core import QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtGui import QIcon

from ..about import PLUGIN_FOLDER
from ..errors import CancelledError
from ..settings import Settings
from ..threads import Caught
from .parameters import AUTH_CONFIG


class MapillaryAlgorithm(QgsProcessingAlgorithm):
    """A subclass has `check`, `prepare` and `do`; each may raise MapillaryError."""

    def __init__(self, settings: Settings, widgets: Optional[Mapping[str, str]] = None) -> None:
        """`widgets` has, by the names of parameters, what Processing's dialogs import for them when they open, such as
        `package.module.Class`.
        """
        super().__init__()
        self.settings = settings
        self.widgets = widgets or {}

    @abstractmethod
    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Look at the parameters, on the main thread."""

    @abstractmethod
    def prepare(self, parameters: dict[str, Any], context: QgsProcessingContext, config_id: str) -> None:
        """Read settings and the token, or that of the named configuration, on the main thread."""

    @abstractmethod
    def do(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """The outputs. Sinks are opened only when all has come, so that a failing run touches no file."""

    def createInstance(self) -> MapillaryAlgorithm:  # noqa: N802
        return type(self)(self.settings, self.widgets)

    def icon(self) -> QIcon:
        return QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg"))

    def checkParameterValues(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        with Caught() as caught:
            self.check(parameters, context)
            config_id = self.parameterAsString(parameters, AUTH_CONFIG, context)
            if config_id:
                self.settings.credentials.check_configuration(config_id)
        if caught.error is not None:
            return False, str(caught.error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        with _reported():
            self.prepare(parameters, context, self.parameterAsString(parameters, AUTH_CONFIG, context))
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        with _reported():
            try:
                return self.do(parameters, context, feedback)
            except CancelledError:
                feedback.pushWarning("Cancelled: nothing was written. What was read is kept for the next run.")
        return {}


@contextmanager
def _reported() -> Iterator[None]:
    """Ends the `with` block as Processing expects: with its own exception, whose sentence it shows."""
    own: Optional[QgsProcessingException] = None
    with Caught() as caught:
        try:
            yield
        except QgsProcessingException as error:
            own = error
    if own is not None:
        raise own
    if caught.error is not None:
        raise QgsProcessingException(str(caught.error))
