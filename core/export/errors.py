"""What keeps an export from being made; whatever it is, the file that was there stays as it was."""

from __future__ import annotations

from pathlib import Path

from ..errors import MapillaryError


class ExportError(MapillaryError):
    """The export was not made, and nothing was changed."""


class NothingToExportError(ExportError):
    """No layer was chosen, or nothing is selected in one of them."""

    sentence = "No layer is chosen. Tick at least one layer."


class NoFileNamedError(ExportError):
    """The name of the file is missing or is no name."""

    sentence = "No file is named. Type a folder and a file name, or choose them with the button beside it."


class UnusableFolderError(ExportError):
    """The folder is missing, read-only, or no folder."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"Nothing can be written to the folder {folder}: {reason}. Choose another folder.")


class TargetIsFolderError(ExportError):
    """A folder has the name that the file should have."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is a folder. Choose another file name.")


class ProtectedTargetError(ExportError):
    """The file is there and read-only."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"The file {path} is read-only. Choose another file name, or allow that it is changed.")


class TargetExistsError(ExportError):
    """The file is there, and nobody said that it may be replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"The file {path} exists already. Choose another file name, or replace it.")


class TargetEditedError(ExportError):
    """A layer of the project that shows the file is being edited."""

    def __init__(self, path: Path, layer: str) -> None:
        super().__init__(
            f"The layer “{layer}” is being edited, and its data is in {path}. Save or discard the edits, or choose"
            " another file."
        )


class TargetInUseError(ExportError):
    """Another program does not let go of the file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The file {path} could not be replaced ({reason}). It may be open in another program: close it there, or"
            " choose another file name."
        )


class SameNameError(ExportError):
    """Two layers would have one name in a file, or one file."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Two layers are called “{name}”. Give one of them another name: select it in the list and press F2, or"
            " double-click it."
        )


class UnusableNameError(ExportError):
    """The format cannot have a layer of that name; `rule` says which it can have."""

    def __init__(self, name: str, label: str, rule: str) -> None:
        super().__init__(
            f"A layer in a {label} cannot be called “{name}”. Give it another name, {rule}: select it in the list and"
            " press F2, or double-click it."
        )


class NameTakenError(ExportError):
    """The GeoPackage has a layer of that name, which stays."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(
            f"{path} already has a table called “{name}”. Give the layer another name: select it in the list and press"
            " F2, or double-click it."
        )


class NotAGeoPackageError(ExportError):
    """Layers were to be added to a file that cannot be read as a GeoPackage."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"No layer can be added to {path}: it is no GeoPackage, or cannot be read ({reason}). Choose another file."
        )


class NeedsGeometryError(ExportError):
    """The format cannot hold a table without geometry."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(f"“{name}” has no geometry, which {label} cannot hold. Untick it, or choose another format.")


class UnusableCrsError(ExportError):
    """The chosen CRS is none, or features cannot be expressed in it."""


class UnreadableLayerError(ExportError):
    """The features of a layer ended early."""

    def __init__(self, name: str, read: int, expected: int) -> None:
        super().__init__(
            f"“{name}” could not be read to its end: {read:,} of {expected:,} features came. Open the layer anew, then"
            " export again."
        )


class IncompleteFileError(ExportError):
    """Not everything could be written."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"“{name}” could not be written completely ({reason or 'no reason was given'}). Nothing was changed. Check"
            " that the disk has space, then export again."
        )
