"""TLS as octets, as far as it goes without keys: a ClientHello as data, and a server's answer decoded.

What is sealed is for a TLS library. This is for what no library offers any more, and for saying what came.
"""

from . import names
from .answer import (
    Alert,
    CertificateRequest,
    Certificates,
    HelloDone,
    KeyExchange,
    OtherMessage,
    Part,
    Sealed,
    ServerAnswer,
    ServerHello,
    decode_answer,
    describe_part,
)
from .der import PublicKey, public_key
from .hello import (
    RECORD_LIMIT,
    SEALED_LIMIT,
    ClientHello,
    alert_record,
    client_hello_record,
    encode_client_hello,
    encode_record,
    encode_records,
)

__all__ = [
    "RECORD_LIMIT",
    "SEALED_LIMIT",
    "Alert",
    "CertificateRequest",
    "Certificates",
    "ClientHello",
    "HelloDone",
    "KeyExchange",
    "OtherMessage",
    "Part",
    "PublicKey",
    "Sealed",
    "ServerAnswer",
    "ServerHello",
    "alert_record",
    "client_hello_record",
    "decode_answer",
    "describe_part",
    "encode_client_hello",
    "encode_record",
    "encode_records",
    "names",
    "public_key",
]
