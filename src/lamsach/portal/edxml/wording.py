"""Statuses as they are noted in a unit's history, in Vietnamese as all that goes between offices."""

from __future__ import annotations

from collections.abc import Mapping

STATUS_NOTE: Mapping[str, str] = {
    "arrived": "Văn bản đã đến",
    "refused": "Từ chối tiếp nhận",
    "received": "Đã tiếp nhận",
    "assigned": "Đã phân công xử lý",
    "handling": "Đang xử lý",
    "done": "Hoàn thành",
    "take_back": "Đề nghị lấy lại văn bản",
    "agreed": "Đồng ý lấy lại hoặc cập nhật",
    "declined": "Từ chối lấy lại hoặc cập nhật",
}
