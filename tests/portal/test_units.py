"""Units: codes, history of the tree, import of a sheet."""

from __future__ import annotations

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.portal.audit.models import Entry
from lamsach.portal.units import tree
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.codes import canonical, older_form
from lamsach.portal.units.models import FOREVER, Unit, UnitImport, UnitLink, UnitName
from lamsach.portal.units.tree import descendants

from .conftest import Browser, Cast


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("G06.12", "G06.12"),
        ("000.00.12.G06", "G06.12"),
        ("000.00.00.G06", "G06"),
        ("001.02.12.G06", "G06.12.02.001"),
        (" h29 ", "H29"),
        ("g06.12.x1", "G06.12.X1"),
        ("", None),
        ("12", None),
        ("G06..12", None),
        ("G06.12;DROP", None),
        ("Ｇ06", None),
        ("G" * 61, None),
    ],
)
def test_both_national_forms_give_one_code(text: str, code: str | None) -> None:
    assert canonical(text) == code


@given(st.lists(st.integers(1, 99), max_size=3))
def test_the_older_form_reads_back(groups: list[int]) -> None:
    code = ".".join(["G06", *(f"{group:02d}" for group in groups)])
    assert canonical(older_form(code)) == code


@pytest.mark.django_db
def test_history_remains_when_units_move_and_close(cast: Cast) -> None:
    before, after = date.today() + timedelta(days=1), date.today() + timedelta(days=40)
    move_day = date.today() + timedelta(days=20)
    tree.move(cast.first, cast.other, move_day)
    tree.close(cast.other_first, cast.first, move_day)
    tree.rename(cast.second, "Phòng Hai mới", day=move_day)
    codes = lambda unit, day: {u.code for u in descendants(unit, day)}  # noqa: E731
    assert codes(cast.centre, before) == {"G06.12", "G06.12.01", "G06.12.02"}
    assert codes(cast.centre, after) == {"G06.12", "G06.12.02"}
    assert codes(cast.other, after) == {"G06.13", "G06.12.01"}
    assert codes(cast.root, after) == {"G06", "G06.12", "G06.12.02", "G06.13", "G06.12.01"}
    names = UnitName.objects.filter(unit=cast.second).values_list("name", "valid_until")
    assert list(names) == [("Phòng Hai", move_day), ("Phòng Hai mới", FOREVER)]


@pytest.mark.django_db
def test_impossible_changes_are_refused(cast: Cast) -> None:
    with pytest.raises(InputError):
        tree.move(cast.centre, cast.first)
    with pytest.raises(InputError):
        tree.close(cast.centre)
    assert Unit.objects.get(pk=cast.centre.pk).valid_until == FOREVER


def sheet(*rows: tuple[object, ...], name: str = "don-vi.xlsx") -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    for row in rows:
        active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return SimpleUploadedFile(name, buffer.getvalue())


def upload(client: Client, file: SimpleUploadedFile) -> UnitImport:
    response = client.post("/office/units/import/", {"file": file})
    assert response.status_code == 302, response.content.decode()
    return UnitImport.objects.latest("pk")


HEAD = ("Danh sách đơn vị", None)
COLUMNS = ("Mã định danh", "Tên đơn vị", "Mã cấp trên", "Thư điện tử", "Ngày giải thể", "Đơn vị kế thừa")


@pytest.mark.django_db
def test_a_sheet_is_previewed_and_then_applied(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    preview = upload(
        client,
        sheet(
            HEAD,
            COLUMNS,
            ("000.03.12.G06", "Phòng Mới", "", "moi@unit.example", None, None),
            ("G06.12.03.01", "Tổ Mới", "G06.12.03", None, None, None),
            ("G06.12.01", "Phòng Một đổi tên", None, None, None, None),
            ("G06.12.02", "Phòng Hai", None, None, "26/09/2022", "G06.12.01"),
        ),
    )
    assert preview.errors == []
    assert [(c["kind"], c["code"]) for c in preview.changes] == [
        ("new", "G06.12.03"),
        ("new", "G06.12.03.01"),
        ("renamed", "G06.12.01"),
        ("closed", "G06.12.02"),
    ]
    assert not Unit.objects.filter(code="G06.12.03").exists()
    page = client.get(f"/office/units/import/{preview.pk}/").content.decode()
    assert "Phòng Mới" in page
    for _ in range(2):
        client.post(f"/office/units/import/{preview.pk}/")
    assert Unit.objects.get(code="G06.12.03.01").parent == Unit.objects.get(code="G06.12.03")
    assert Unit.objects.get(code="G06.12.02").successor == cast.first
    assert UnitName.objects.filter(unit=cast.first).count() in (1, 2)
    assert Entry.objects.filter(action="units.imported").count() == 1


@pytest.mark.django_db
def test_a_sheet_that_is_older_than_the_tree_is_a_conflict(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    preview = upload(client, sheet(COLUMNS, ("G06.12.03", "Phòng Mới")))
    tree.rename(cast.first, "Khác")
    assert client.post(f"/office/units/import/{preview.pk}/").status_code == 409
    assert not Unit.objects.filter(code="G06.12.03").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("G06.12.07", "A", "G06.12.08"), ("G06.12.08", "B", "G06.12.07")], {1, 2}),
        ([("G06.12.07", "A"), ("000.07.12.G06", "B")], {2}),
        ([("nonsense", "A")], {1}),
        ([("G06.13.01", "A")], {1}),
        ([("G06.12.09", "A", "G06.13")], {1}),
        ([("G06.12.09", "")], {1}),
        ([("G06.12.09", "A", "", "no mail")], {1}),
        ([("X9", "A")], {1}),
        ([("G06.12.01", "A", "", "", "31/02/2022")], {1}),
        ([("G06.12.01", "A", "", "", "", "G06.12.02")], {1}),
        ([("G06.12", "A", "G06.12.01")], {1}),
    ],
)
def test_errors_are_listed_and_nothing_is_applied(
    rows: list[tuple[str, ...]], wrong: set[int], cast: Cast, browser: Browser
) -> None:
    client = browser("coordinator")
    preview = upload(client, sheet(COLUMNS, *rows))
    assert {error["row"] - 1 for error in preview.errors} == wrong
    before = list(Unit.objects.values_list("code", "name", "parent"))
    client.post(f"/office/units/import/{preview.pk}/")
    assert list(Unit.objects.values_list("code", "name", "parent")) == before


@pytest.mark.django_db
def test_ten_thousand_wrong_rows_are_all_listed_and_none_is_applied(cast: Cast, browser: Browser) -> None:
    text = "code;name\n" + "".join(f"no code {i};x\n" for i in range(10_000))
    client = browser("coordinator")
    preview = upload(client, SimpleUploadedFile("a.csv", text.encode()))
    assert len(preview.errors) == 10_000
    last = client.get(f"/office/units/import/{preview.pk}/?page=100").content.decode()
    assert "no code 9999" in last
    units = Unit.objects.count()
    client.post(f"/office/units/import/{preview.pk}/")
    assert Unit.objects.count() == units, "none is applied"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04 broken"),
        ("a.csv", b"\xff\xfe\x00\xd8"),
        ("a.csv", b"x;y\n1;2\n"),
        ("a.csv", b"\x80\x81"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_one_sentence(
    name: str, content: bytes, cast: Cast, browser: Browser
) -> None:
    response = browser("coordinator").post(
        "/office/units/import/", {"file": SimpleUploadedFile(name, content)}
    )
    assert response.status_code == 200
    assert 'class="summary"' in response.content.decode()
    assert UnitImport.objects.count() == 0


@pytest.mark.django_db
def test_concurrent_edits_of_a_unit_conflict(cast: Cast, browser: Browser) -> None:
    client = browser("officer")
    data = {"name": "Tên mới", "version": cast.first.version}
    assert client.post(f"/office/units/{cast.first.pk}/edit/", data).status_code == 302
    assert client.post(f"/office/units/{cast.first.pk}/edit/", {**data, "name": "X"}).status_code == 409
    assert Unit.objects.get(pk=cast.first.pk).name == "Tên mới"


@pytest.mark.django_db
def test_links_never_overlap(cast: Cast) -> None:
    for parent in (cast.other, cast.centre, cast.other):
        tree.move(cast.first, parent)
    pairs = UnitLink.objects.filter(valid_until=FOREVER).values_list("ancestor", "descendant")
    assert len(pairs) == len(set(pairs))
    assert UnitLink.objects.filter(valid_from__gte=FOREVER).count() == 0


def test_synonyms_of_headings_and_parents_by_name(cast: Cast) -> None:
    """Headings as ministries write them; a parent by a unique name; ignored columns are shown."""
    text = (
        "Mã ĐV,Tên cơ quan,Cơ quan chủ quản,SĐT,Địa chỉ email,Ghi chú\n"
        "G06.12.09,Phòng Chín,Trung tâm  A,0912,chin@unit.example,x\nG06.12.09.1,Tổ Một,Phòng Chín,,,\n"
    )
    client = cast.client("coordinator")
    page = client.post(
        "/office/units/import/", {"file": SimpleUploadedFile("u.csv", text.encode())}, follow=True
    )
    preview = page.context["kept"]
    assert preview.errors == []
    assert [(c["code"], c["parent"]) for c in preview.changes] == [
        ("G06.12.09", "G06.12"),
        ("G06.12.09.1", "G06.12.09"),
    ]
    assert preview.changes[0]["contact_phone"] == "0912"
    assert dict(page.context["headings"])["Ghi chú"] == ""
    assert dict(page.context["headings"])["Cơ quan chủ quản"] == "Parent unit"


def test_a_parent_by_a_name_that_two_units_have_is_refused(cast: Cast) -> None:
    text = "Mã,Tên,Trực thuộc\nG06.12.08,Phòng Tám,Trung tâm A\nG06.12.07,Trung tâm A,G06.12\n"
    client = cast.client("coordinator")
    page = client.post(
        "/office/units/import/", {"file": SimpleUploadedFile("u.csv", text.encode())}, follow=True
    )
    assert [error["row"] for error in page.context["kept"].errors] == [2]


def test_the_empty_sheet_of_units_is_read(cast: Cast) -> None:
    text = cast.client("coordinator").get("/office/units/import/template/").content
    page = cast.client("coordinator").post(
        "/office/units/import/", {"file": SimpleUploadedFile("u.csv", text)}, follow=True
    )
    assert [heading for heading, column in page.context["headings"] if not column] == []


def test_the_gate_asks_each_unit_for_its_own_links(cast: Cast) -> None:
    """A query of the top unit's subtree per unit would take minutes with 20,000 units."""
    plan = readable_units(cast.people["authority"]).explain()
    if connection.vendor == "sqlite":
        assert "(descendant_id=?" in plan
        assert "(ancestor_id=?" not in plan
