"""The one part of the plugin that touches settings, the environment and the authentication database."""

from .settings import CredentialState, Settings

__all__ = ["CredentialState", "Settings"]
