from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lamsach.devices.stated_roles import ENDPOINT, stated_role

ROLES: dict[tuple[str | None, str | None], str | None] = {
    ("Máy chủ", "Máy chủ tên miền nội bộ, DNS và DHCP"): "dns",
    ("Máy chủ", "Máy chủ proxy của Trung tâm Dữ liệu"): "proxy",
    ("Thiết bị mạng", "Bộ định tuyến NAT của chi nhánh"): "nat",
    ("Máy chủ DNS", None): "dns",
    ("Tường lửa", None): "nat",
    ("Router", "Phòng máy chủ tầng 2"): "nat",
    ("Server", "Primary domain controller"): "dns",
    ("Server", "AD/DNS"): "dns",
    ("AD", None): "dns",
    ("DC", None): "dns",
    (None, "Máy chủ AD, DNS"): "dns",
    (None, "Internal DNS resolver"): "dns",
    (None, "Squid proxy for head office"): "proxy",
    (None, "Cân bằng tải cho cổng dịch vụ công"): "proxy",
    (None, "Load balancer"): "proxy",
    (None, "Edge firewall"): "nat",
    (None, "Tường lửa trung tâm thông tin tỉnh Hà Đông"): "nat",
    (None, "NAT"): "nat",
    (None, "Gateway chi nhánh"): "nat",
    (None, "Router và DNS"): "nat",
    ("Server", "DNS secondary"): "dns",
    ("Máy chủ", "Máy chủ cổng thông tin điện tử"): None,
    ("Máy chủ", "Máy chủ thư điện tử"): None,
    ("Máy chủ", "Máy chủ tệp dùng chung"): None,
    ("Máy chủ", "Máy chủ miền Bắc"): None,
    ("Server", "Web server (NAT)"): None,
    ("Server", "Email gateway"): None,
    ("Máy tính để bàn", "Truy cập qua proxy"): ENDPOINT,
    ("Máy tính để bàn", "DNS"): ENDPOINT,
    ("Laptop", "Router"): ENDPOINT,
    ("Máy in", None): ENDPOINT,
    (None, "Truy cập Internet qua proxy"): None,
    (None, "Gateway 10.0.0.1"): None,
    (None, "DNS: 10.0.0.53"): None,
    (None, "Windows Firewall: on"): None,
    (None, "Đã bật tường lửa"): None,
    (None, "Máy của quản trị tường lửa"): None,
    (None, "DNS động"): None,
    (None, "PC behind NAT router"): None,
    (None, "Máy tính phòng router"): None,
    (None, "Đã nhập lại"): None,
    (None, None): None,
}


def test_roles_of_type_and_note():
    assert {cells: stated_role(*cells) for cells in ROLES} == ROLES


@given(st.text(max_size=200), st.text(max_size=2000))
def test_any_text_gives_a_known_role(kind, note):
    assert stated_role(kind, note) in {"nat", "proxy", "dns", ENDPOINT, None}
