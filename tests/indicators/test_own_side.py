"""Values that a text names without blaming them, and archives that are not unpacked.

Headings of good or recommended values, recommending sentences, signatures, titles, paths of files, MISP's
`to_ids`.
"""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.servers.misp_api import Instance
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Problem
from tests.indicators.builders import archive
from tests.indicators.document_samples import docx, opendocument, paragraph

ARCHIVES = {"7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40), "RAR": b"Rar!\x1a\x07\x01\x00" + bytes(40)}


def _read(path: Path, content: str | bytes) -> tuple[set[str], dict[str, str], list[Problem]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems: list[Problem] = []
    accepted: set[str] = set()
    refused: dict[str, str] = {}
    for item in read_list(str(path), problems.append):
        if isinstance(item, Indicator):
            accepted.add(item.value)
        elif item.type is not None:
            refused[item.value] = item.reason
    return accepted, refused, problems


def test_headings_distinguish_listed_from_mentioned_values(tmp_path: Path) -> None:
    good = {
        "Legitimate domains:": refusals.ALLOWED,
        "Benign traffic": refusals.ALLOWED,
        "DNS servers to use": refusals.RECOMMENDED,
        "Our partners": refusals.RECOMMENDED,
        "Tên miền hợp lệ": refusals.ALLOWED,
        "Lưu lượng bình thường:": refusals.ALLOWED,
        "Không chặn": refusals.ALLOWED,
        "Máy chủ DNS khuyến nghị": refusals.RECOMMENDED,
        "Đơn vị phối hợp": refusals.RECOMMENDED,
    }
    text, expected, listed = "", {}, set()
    for place, (heading, reason) in enumerate(good.items()):
        name, address = f"good-{place}.com", f"198.51.100.{place + 1}"
        text += (
            f"{heading}\n{name}\n{address}\n\nĐịa chỉ độc hại:\nevil-{place}.top\n203.0.113.{place + 1}\n\n"
        )
        text += f"{heading.rstrip(':')}: in-line-{place}.com\n"
        expected |= {name: reason, address: reason, f"in-line-{place}.com": reason}
        listed |= {f"evil-{place}.top", f"203.0.113.{place + 1}"}
    accepted, refused, _ = _read(tmp_path / "list.txt", text)
    assert (accepted, refused) == (listed, expected)


SENTENCES = {
    "We recommend the resolver {} for all clients.": refusals.RECOMMENDED,
    "Use the DNS servers 198.51.100.250 and {} instead.": refusals.RECOMMENDED,
    "Please set your DNS to {}.": refusals.RECOMMENDED,
    "Khuyến nghị sử dụng máy chủ DNS {} của cơ quan.": refusals.RECOMMENDED,
    "Đề nghị các đơn vị dùng DNS {}.": refusals.RECOMMENDED,
    "Please allow {} through your firewall.": refusals.ALLOWED,
    "Do not block {} and its neighbours.": refusals.ALLOWED,
    "Các đơn vị không được chặn {} trong mọi trường hợp.": refusals.ALLOWED,
    "The trojan is made to use the DNS server {} of its owner.": None,
    "The malware changes the resolver to {} at once.": None,
    "You should never use the resolver {} again.": None,
    "Đề nghị ngừng sử dụng máy chủ DNS {} ngay.": None,
    "Đề nghị các đơn vị chặn DNS {} trên tường lửa.": None,
    "Hệ thống không chặn được {} trong ngày đầu.": None,
}
PARTNERS = (
    "Our partner {} supplied the samples.",
    "This was found in cooperation with {} last year.",
    "Đối tác {} đã cung cấp mẫu.",
    "Phối hợp với {} để xử lý.",
)


@pytest.mark.parametrize("name", ["list.txt", "list.md"])
def test_sentences_that_recommend_or_allow(tmp_path: Path, name: str) -> None:
    head = "# Report\n\n| A | B |\n|---|---|\n\n" if name.endswith("md") else ""
    addresses = {sentence: f"198.51.100.{place + 1}" for place, sentence in enumerate(SENTENCES)}
    partners = {sentence: f"partner-{place}.net" for place, sentence in enumerate(PARTNERS)}
    text = "\n\n".join(sentence.format(value) for sentence, value in {**addresses, **partners}.items())
    accepted, refused, _ = _read(tmp_path / name, head + text)
    for sentence, reason in {**SENTENCES, **dict.fromkeys(PARTNERS, refusals.RECOMMENDED)}.items():
        value = {**addresses, **partners}[sentence]
        assert (refused.get(value), value in accepted) == (reason, reason is None), sentence


def test_a_defanged_recommended_value_is_listed(tmp_path: Path) -> None:
    accepted, _, _ = _read(tmp_path / "list.txt", "Use the DNS server 203.0.113[.]7 of the actor.\n")
    assert accepted == {"203.0.113.7"}


def test_cells_that_call_a_value_good(tmp_path: Path) -> None:
    rows = {"DNS khuyến nghị": "198.51.100.1", "đối tác": "good-a.com", "Legitimate traffic": "good-b.com"}
    text = "Giá trị,Ghi chú\n203.0.113.7,C2\n" + "".join(f"{value},{note}\n" for note, value in rows.items())
    accepted, refused, _ = _read(tmp_path / "list.csv", text)
    assert (accepted, set(refused)) == ({"203.0.113.7"}, set(rows.values()))


LETTER = """Please block:
evil-a.top
203.0.113.9

Best regards,
Nguyen Van A
Trung tam CNTT
www.unit-a.vn
https://unit-a.vn/contact

On Mon, 2 Mar 2026, B wrote:
> evil-b.top
> -- 
> Tran Van B
> Dia chi: unit-b.vn
> evil-c[.]top

Trân trọng,
unit-d.vn

Phụ lục: danh sách
evil-d.top
"""  # noqa: W291


def test_signatures_of_letters_and_of_quoted_ones(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@unit.example", "b@unit.example", "list"
    message["Date"] = "Mon, 2 Mar 2026 10:00:00 +0700"
    message.set_content(LETTER)
    accepted, refused, _ = _read(tmp_path / "list.eml", message.as_bytes())
    assert accepted == {"evil-a.top", "203.0.113.9", "evil-b.top", "evil-c.top", "evil-d.top"}
    assert refused == dict.fromkeys(
        ("www.unit-a.vn", "https://unit-a.vn/contact", "unit-b.vn", "unit-d.vn"), refusals.SIGNATURE
    )


def test_a_title_of_names_lists_nothing(tmp_path: Path) -> None:
    text = (
        "# Shop-a.com campaign\n\n## shop-b.com\n\n2.1 shop-c.com\n\n## evil-a[.]top\n\n| Domain | Note |\n"
        "|---|---|\n| evil-b.top | x |\n"
    )
    accepted, refused, _ = _read(tmp_path / "report.md", text.replace("Shop", "shop"))
    assert accepted == {"evil-a.top", "evil-b.top"}
    assert refused == dict.fromkeys(("shop-a.com", "shop-b.com", "shop-c.com"), refusals.TITLE)


def test_headings_of_documents_are_titles(tmp_path: Path) -> None:
    styled = "<w:p><w:pPr><w:pStyle w:val='Heading2'/></w:pPr><w:r><w:t>shop-a.com</w:t></w:r></w:p>"
    heading = '<text:h xmlns:text="x">shop-a.com</text:h>'
    documents: dict[str, str | bytes] = {
        "a.html": "<html><body><h1>shop-a.com</h1><p>evil-a.top</p><h2>evil-b[.]top</h2></body></html>",
        "a.docx": docx(styled + paragraph("evil-a.top") + styled.replace("shop-a.com", "evil-b[.]top")),
        "a.odt": opendocument(
            "text", f"{heading}<text:p>evil-a.top</text:p>{heading.replace('shop-a.com', 'evil-b[.]top')}"
        ),
    }
    for name, content in documents.items():
        accepted, refused, _ = _read(tmp_path / name, content)
        assert (accepted, refused) == ({"evil-a.top", "evil-b.top"}, {"shop-a.com": refusals.TITLE}), name


def test_the_tail_of_a_path_is_no_name(tmp_path: Path) -> None:
    text = (
        "runs %windir%\\system32\\rundll32.exe,evil-a.com\n%TEMP%\\x=evil-b.com and evil-c.top\n"
        "%ProgramFiles(x86)%\\evil-d.com\n"
        '"C:\\Users\\Public\\my evil-e.com" /q\n%windir%\\system32\\\nevil-f.com\n'
        "http://evil-g.top/a.pngC:\\Windows\\evil-h.com\n"
    )
    accepted, refused, _ = _read(tmp_path / "list.txt", text)
    assert accepted == {"evil-c.top", "http://evil-g.top/a.png"}
    assert refused == dict.fromkeys((f"evil-{letter}.com" for letter in "abdefh"), refusals.FILE_NAME)


def test_attributes_not_marked_for_detection_are_mentioned(tmp_path: Path) -> None:
    attributes = [
        {"type": "domain", "value": f"evil-{place}.top", "category": "Network activity", "to_ids": to_ids}
        for place, to_ids in enumerate((True, False, "0", "1"))
    ]
    event = json.dumps({"Event": {"info": "x", "Attribute": attributes}})
    rows = "uuid,event_id,category,type,value,comment,to_ids,date\n" + "".join(
        f"u{place},1,Network activity,domain,evil-{place}.top,,{to_ids},1\n"
        for place, to_ids in enumerate((1, 0, 0, 1))
    )
    bundle = {
        "type": "bundle",
        "id": "bundle--1",
        "objects": [
            {
                "type": "observed-data",
                "id": f"observed-data--{place}",
                "labels": [f'misp:to_ids="{marked}"'],
                "objects": {"0": {"type": "domain-name", "value": f"evil-{place}.top"}},
            }
            for place, marked in enumerate((True, False, False, True))
        ],
    }
    for name, text in (("misp.json", event), ("misp.csv", rows), ("bundle.json", json.dumps(bundle))):
        accepted, refused, _ = _read(tmp_path / name, text)
        assert accepted == {"evil-0.top", "evil-3.top"}, name
        assert refused == dict.fromkeys(("evil-1.top", "evil-2.top"), refusals.NOT_FOR_DETECTION), name


def test_a_filter_for_all_attributes_lists_all(tmp_path: Path) -> None:
    attribute = {"type": "domain", "value": "evil-1.top", "to_ids": False}
    event = {"info": "x", "Attribute": [attribute], "Object": [{"name": "y", "Attribute": [attribute]}]}
    everything = Instance("misp+https://misp.example/?to_ids=0&to_ids=1").wanted_part(event)
    accepted, refused, _ = _read(tmp_path / "all.json", json.dumps({"Event": everything}))
    assert (accepted, refused) == ({"evil-1.top"}, {})
    marked = Instance("misp+https://misp.example/").wanted_part(event)
    assert marked == {"info": "x", "Attribute": [], "Object": []}
    assert Instance("misp+https://misp.example/attributes").wanted_part(attribute) is None


@pytest.mark.parametrize("kind", ARCHIVES)
def test_packed_archives_are_refused_with_advice(kind: str, tmp_path: Path) -> None:
    packed = ARCHIVES[kind]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@unit.example", "b@unit.example", "list"
    message["Date"] = "Mon, 2 Mar 2026 10:00:00 +0700"
    message.set_content("203.0.113.7\n")
    message.add_attachment(packed, maintype="application", subtype="octet-stream", filename="list.bin")
    both = archive({"a.txt": "203.0.113.7\n", "list.bin": packed})
    for name, content in (("list", packed), ("list.zip", both), ("list.eml", message.as_bytes())):
        accepted, _, problems = _read(tmp_path / name, content)
        assert accepted == (set() if name == "list" else {"203.0.113.7"}), name
        (problem,) = problems
        assert problem.what.startswith(f"The list is packed in a {kind} archive"), name
        assert problem.where.endswith("list" if name == "list" else "!list.bin"), name
        assert "7-Zip" in problem.todo
        assert "7z x" in problem.todo
