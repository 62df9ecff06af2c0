"""Materials and tools of a campaign, taking a statement back, inner deadlines, merged units."""

from __future__ import annotations

MATERIALS: dict[str, str] = {
    "The reports of the campaign are due on {day}: set a deadline by then.": "Hạn báo cáo của chiến dịch là {day}: thời hạn không được muộn hơn ngày này.",
    "Nothing was taken back. Write the reason.": "Chưa rút xác nhận. Hãy ghi lý do.",
    "The statement was taken back.": "Đã rút xác nhận triển khai.",
    "Take the statement of deployment back": "Rút xác nhận triển khai",
    "Take the statement back": "Rút xác nhận triển khai này",
    "Materials and tools": "Tài liệu và công cụ",
    "Materials": "Tài liệu",
    "Who sees it": "Phạm vi",
    "everybody, on the public page": "mọi người, trên trang công khai",
    "the campaign's units": "các đơn vị của chiến dịch",
    "Add a file": "Thêm tệp",
    "Add the file": "Thêm tệp này",
    "None chosen: the public page shows the whole catalogue.": "Chưa chọn: trang công khai hiển thị toàn bộ danh mục.",
    "Choose the tools": "Chọn công cụ",
    "Save the tools": "Lưu công cụ",
    "A campaign has at most 50 files. Withdraw one first.": "Mỗi chiến dịch có tối đa 50 tệp. Hãy rút bớt một tệp trước.",
    "merged": "hợp nhất",
    "merged into %(code)s %(name)s on %(day)s": "hợp nhất vào %(code)s %(name)s ngày %(day)s",
}
