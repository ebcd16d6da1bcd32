"""The one part of the plugin that touches settings, the environment and the authentication database."""

from .credentials import CredentialState
from .settings import Settings

__all__ = ["CredentialState", "Settings"]
