"""edXML files as other systems write them, made for the tests, and keys that sign them."""

from __future__ import annotations

import base64
import datetime
import io
import zipfile
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from lamsach.channels.xml_signature import Signer

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
LIST = b"evil.example\n198.51.100.9\n"
START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def b64(content: bytes) -> str:
    return base64.encodebytes(content).decode()


def zipped(content: bytes, name: str = "danh-sach.txt") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def attachment(
    content: str, name: str = "danh-sach.txt", content_id: str = "a1", kind: str = "text/plain"
) -> str:
    return (
        f"<Attachment><ContentType>{kind}</ContentType><ContentId>{content_id}</ContentId><Description/>"
        f"<ContentTransferEncoded>{content}</ContentTransferEncoded>"
        f"<AttachmentName>{name}</AttachmentName></Attachment>"
    )


HEADER = """<From><OrganId>000.00.00.G22</OrganId><OrganName>Cục An toàn thông tin</OrganName></From>
<To><OrganId>H37.DN.001</OrganId><OrganName>Trung tâm Công nghệ thông tin</OrganName></To>
<To><OrganId>H37.DN.002</OrganId></To>
<Code><CodeNumber>1298</CodeNumber><CodeNotation>CATTT-NCSC</CodeNotation></Code>
<PromulgationInfo><Place>Hà Nội</Place><PromulgationDate>2026/08/23</PromulgationDate></PromulgationInfo>
<DocumentType><Type>18</Type><TypeName>Công văn</TypeName></DocumentType>
<Subject>V/v triển khai chiến dịch làm sạch mã độc
 trên không gian mạng</Subject><DueDate>2026/09/26</DueDate>
<DocumentId>000.00.00.G22,2026/08/23,1298/CATTT-NCSC</DocumentId>"""
MANIFEST = (
    '<{p}edXMLManifest version="1.0"><{p}Reference xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xlink:href="cid:a1">'
    "<{p}ContentId>cid:a1</{p}ContentId><{p}ContentType>text/plain</{p}ContentType>"
    "<{p}AttachmentName>danh-sach.txt</{p}AttachmentName></{p}Reference></{p}edXMLManifest>"
)


def prefixed(markup: str, prefix: str) -> str:
    return markup.replace("</", "\0").replace("<", f"<{prefix}").replace("\0", f"</{prefix}")


def dispatch(
    header: str = HEADER, files: str | None = None, *, prefix: str = "edXML:", business: str = "0"
) -> str:
    """Dispatch in the regulation's envelope, without declaration."""
    p = prefix
    stated = f'xmlns="{NAMESPACE}" xmlns:edXML="{NAMESPACE}"'
    files = attachment(b64(LIST)) if files is None else files
    return (
        f"<edXML {stated}><{p}edXMLEnvelope><{p}edXMLHeader>"
        f"<{p}MessageHeader>{prefixed(header, p)}</{p}MessageHeader>"
        f'<{p}TraceHeaderList version="1.0"><{p}TraceHeader><{p}OrganId>000.00.00.G22</{p}OrganId>'
        f"<{p}Timestamp>2026/08/23 08:05:09</{p}Timestamp></{p}TraceHeader>"
        f"<{p}Bussiness><{p}BussinessDocType>{business}</{p}BussinessDocType></{p}Bussiness>"
        f"</{p}TraceHeaderList>"
        f"</{p}edXMLHeader><{p}edXMLBody>{MANIFEST.format(p=p)}</{p}edXMLBody></{p}edXMLEnvelope>"
        f"<AttachmentEncoded>{files}</AttachmentEncoded></edXML>"
    )


STATUS = f"""<edXML xmlns="{NAMESPACE}" xmlns:edXML="{NAMESPACE}"><edXML:edXMLEnvelope><edXML:edXMLHeader>\
<edXML:Status>
<edXML:ResponseFor><edXML:OrganId>000.00.00.G22</edXML:OrganId><edXML:Code>1298/CATTT-NCSC</edXML:Code>
<edXML:PromulgationDate>23/08/2026</edXML:PromulgationDate>
<edXML:DocumentId>000.00.00.G22,2026/08/23,1298/CATTT-NCSC</edXML:DocumentId></edXML:ResponseFor>
<edXML:From><edXML:OrganId>H37.DN.001</edXML:OrganId><edXML:OrganName>Trung tâm</edXML:OrganName></edXML:From>
<edXML:StatusCode>3</edXML:StatusCode><edXML:Description>Đã vào sổ</edXML:Description>
<edXML:Timestamp>24/08/2026 09:10:11</edXML:Timestamp></edXML:Status></edXML:edXMLHeader>\
</edXML:edXMLEnvelope></edXML>"""

FLAT = f"""<?xml version="1.0"?><EdXMLEnvelope xmlns="http://www.go.vn/eDoc">\
<MessageHeader>{HEADER}</MessageHeader>
<Manifest><Attachment><Content>{b64(LIST)}</Content><FileName>danh-sach.txt</FileName>\
<FileType>text/plain</FileType></Attachment></Manifest></EdXMLEnvelope>"""

SOAP = f"""<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/><soap:Body>
{FLAT.partition("?>")[2]}</soap:Body></soap:Envelope>"""


@cache
def signer(name: str, issuer: str = "") -> Signer:
    """Signer with its own certificate, or one issued by the signer of that name."""
    key = rsa.generate_private_key(65537, 2048)
    above = signer(issuer) if issuer else None
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificates[0].subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + datetime.timedelta(days=365 * 60))
        .add_extension(x509.BasicConstraints(ca=name.startswith("CA"), path_length=None), critical=True)
        .sign(above.key if above else key, hashes.SHA256())  # type: ignore[arg-type]
    )
    return Signer(key, (made, *(above.certificates if above else ())))
