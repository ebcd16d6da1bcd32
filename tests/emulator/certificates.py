"""Certificates for https on loopback, made by the `openssl` command; each comes with its key and lasts two days."""

from __future__ import annotations

import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import Optional

Certificate = tuple[Path, Path]


def self_signed(folder: Path, host: str = "127.0.0.1") -> Certificate:
    """What no client trusts unless it is told to."""
    return _make(folder, host, f"subjectAltName={_alternative_name(host)}\n")


def authority(folder: Path) -> Certificate:
    """What a client has to trust for those that are `signed_by` it."""
    return _make(folder, "authority", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")


def signed_by(signer: Certificate, folder: Path, host: str = "127.0.0.1") -> Certificate:
    """A server's certificate from an authority."""
    extensions = f"basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={_alternative_name(host)}\n"
    return _make(folder, host, extensions, signer)


def _alternative_name(host: str) -> str:
    try:
        return f"IP:{ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"


def _make(folder: Path, name: str, extensions: str, signer: Optional[Certificate] = None) -> Certificate:
    certificate, key, asked = (folder / f"{name}.{ending}" for ending in ("crt", "key", "csr"))
    details = folder / f"{name}.ext"
    details.write_text(f"{extensions}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    _openssl("req", "-new", "-nodes", *curve, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(asked))
    sign = ["-CA", str(signer[0]), "-CAkey", str(signer[1]), "-CAcreateserial"] if signer else ["-signkey", str(key)]
    _openssl(
        *("x509", "-req", "-days", "2", "-sha256", "-in", str(asked), *sign),
        *("-extfile", str(details), "-out", str(certificate)),
    )
    return certificate, key


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
