"""Form of the 2022 dispatch's appendix, as data (see `form`).

It is the first version of the default form, and subject to changes of the law.
"""

from __future__ import annotations

from typing import Any

NAME = "Mẫu thống kê, báo cáo kết quả triển khai"

APPENDIX_2022: dict[str, Any] = {
    "schema": 1,
    "title": NAME,
    "source": "Phụ lục kèm theo Công văn của Trung tâm Công nghệ thông tin, 2022",
    "attached": "Kèm theo Công văn số {number} ngày {day} của {issuer}",
    "general": {
        "title": "1. Thông tin chung",
        "fields": [
            {"key": "unit", "label": "Tên đơn vị", "kind": "line", "source": "unit.name"},
            {
                "key": "assessment",
                "label": "Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai",
                "kind": "text",
            },
            {"key": "proposals", "label": "Đề xuất, kiến nghị (nếu có)", "kind": "text", "optional": True},
        ],
    },
    "figures": {
        "title": "2. Thông tin số liệu",
        "columns": ["TT", "Nội dung", "Số lượng", "Ghi chú"],
        "rows": [
            {
                "key": "informed",
                "label": "Tổng số đơn vị, tổ chức nhận được thông tin về chiến dịch",
                "source": "campaign.informed",
            },
            {
                "key": "deployed",
                "label": "Tổng số đơn vị, tổ chức triển khai chiến dịch",
                "source": "campaign.deployed",
            },
        ],
    },
    "checks": [
        {"warn": "deployed > informed"},
        {"warn": "informed > units"},
        {"warn": "deployed == 0 and found > 0"},
        {"warn": "deployed == units and units > 0 and blind > 0"},
    ],
    "note": "Ghi chú: Quý đơn vị có thể gửi báo cáo về {receiver} qua hòm thư điện tử {email}.",
    "annexes": [],
}
