"""An XMP packet: properties as RDF (ISO 16684-1). Embedding in JPEG: XMP specification part 3, 1.1.3."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\x00"
EXTENDED_XMP_PREFIX = b"http://ns.adobe.com/xmp/extension/\x00"
"""Before the parts of an XMP packet that is too long for one segment."""

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
}
_ORDERED = {"dc:creator"}
_IN_LANGUAGES = {"dc:rights"}
_LINKS = {"cc:license", "cc:attributionURL"}


def xmp_segment(properties: Mapping[str, str]) -> bytes:
    """Properties by name, such as `dc:rights`, as the content of a JPEG segment APP1.

    Their text has no characters that XML cannot have, such as control characters.
    """
    namespaces = "".join(f' xmlns:{prefix}="{address}"' for prefix, address in _NAMESPACES.items())
    elements = "".join(_element(name, escape(text)) for name, text in properties.items())
    packet = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{namespaces}>{elements}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    return XMP_PREFIX + packet.encode()


def _element(name: str, text: str) -> str:
    if name in _LINKS:
        return f'<{name} rdf:resource="{text}"/>'
    if name in _ORDERED:
        text = f"<rdf:Seq><rdf:li>{text}</rdf:li></rdf:Seq>"
    elif name in _IN_LANGUAGES:
        text = f'<rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt>'
    return f"<{name}>{text}</{name}>"
