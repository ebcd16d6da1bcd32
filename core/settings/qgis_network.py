"""QGIS' own network settings (Settings > Options > Network, and Authentication > Certificates) for our requests."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from qgis.core import Qgis, QgsApplication, QgsAuthCertUtils, QgsNetworkAccessManager, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkProxyFactory, QNetworkProxyQuery, QSslError

from ..about import user_agent
from ..network.network_settings import NetworkSettings

_SCHEMES = {"HttpProxy": "http", "HttpCachingProxy": "http", "Socks5Proxy": "socks5h"}


def network_settings(url: str) -> NetworkSettings:
    """The settings for requests to this address. On the main thread: the proxy's password can be in the
    authentication database.
    """
    timeout = QgsNetworkAccessManager.timeout() / 1000
    return NetworkSettings(
        _proxy(url),
        tuple(_list("proxy/noProxyUrls") + _list("proxy/proxyExcludedUrls")),
        min(max(timeout, 1.0), 300.0) if timeout > 0 else 60.0,
        authorities=_authorities(url),
        user_agent=_user_agent(),
    )


def _user_agent() -> str:
    """As QGIS' own, with the plugin's; headers hold no more than printable ASCII for certain."""
    own = _text("qgis/networkAndProxy/userAgent", "Mozilla/5.0")
    parts = (own, f"QGIS/{Qgis.QGIS_VERSION_INT}", user_agent())
    return "".join(letter for letter in " ".join(parts) if letter.isascii() and letter.isprintable()).strip()


def _text(key: str, default: str = "") -> str:
    """A text; what is of another kind, such as the list that an unquoted comma makes, counts as empty, as in QGIS."""
    value = QgsSettings().value(key, default)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _list(key: str) -> list[str]:
    """QGIS kept lists as one text with bars in earlier versions."""
    value = QgsSettings().value(key, [])
    texts = value.split("|") if isinstance(value, str) else value or []
    return [text.strip() for text in texts if text and text.strip()]


def _proxy(url: str) -> str | None:
    """The proxy as a URL; None where QGIS is set to use none, so that the environment's is used."""
    if not QgsSettings().value("proxy/proxyEnabled", False, bool):
        return None
    kind = _text("proxy/proxyType")
    if kind in _SCHEMES:
        proxy = QNetworkProxy(
            QNetworkProxy.ProxyType.HttpProxy,
            _text("proxy/proxyHost"),
            _port(_text("proxy/proxyPort")),
            _text("proxy/proxyUser"),
            _text("proxy/proxyPassword"),
        )
        config_id = _text("proxy/authcfg")
        if config_id:
            answer = QgsApplication.authManager().updateNetworkProxy(proxy, config_id)
            proxy = answer[1] if isinstance(answer, tuple) else proxy
        return _url(_SCHEMES[kind], proxy)
    found = QNetworkProxyFactory.systemProxyForQuery(QNetworkProxyQuery(QUrl(url)))
    scheme = "socks5h" if found and found[0].type() == QNetworkProxy.ProxyType.Socks5Proxy else "http"
    return _url(scheme, found[0]) if found else ""


def _port(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) < 2**16 else 0


def _url(scheme: str, proxy: QNetworkProxy) -> str:
    if not proxy.hostName():
        return ""
    who = f"{quote(proxy.user(), safe='')}:{quote(proxy.password(), safe='')}@" if proxy.user() else ""
    port = f":{proxy.port()}" if proxy.port() else ""
    host = f"[{proxy.hostName()}]" if ":" in proxy.hostName() else proxy.hostName()
    return f"{scheme}://{who}{host}{port}"


def _authorities(url: str) -> str | None:
    """The certificates that QGIS trusts, the operating system's among them, and the server's own where the person told
    QGIS to accept it.
    """
    auth = QgsApplication.authManager()
    # QGIS 3.44 lists authorities among the trusted that the person imported as not trusted.
    distrust = QgsAuthCertUtils.CertTrustPolicy.Untrusted
    certificates = [found for found in auth.trustedCaCerts() if auth.certTrustPolicy(found) != distrust]
    parts = urlsplit(url)
    accepted = auth.sslCertCustomConfigByHost(f"{parts.hostname}:{parts.port or 443}")
    # Where no error is ignored, the database gives a list with NoError.
    if not accepted.isNull() and set(accepted.sslIgnoredErrorEnums()) - {QSslError.SslError.NoError}:
        certificates.append(accepted.sslCertificate())
    return "\n".join(bytes(certificate.toPem()).decode("ascii", "ignore") for certificate in certificates) or None
