"""Vietnamese texts of the log formats of firewalls, routers and servers."""

FIREWALLS: dict[str, str] = {
    "The line is not a Sophos record.": "Dòng không phải bản ghi của Sophos.",
    "The line is not a record of the Linux packet filter.": "Dòng không phải bản ghi của bộ lọc gói tin Linux.",
    "The record of the packet filter has no address.": "Bản ghi của bộ lọc gói tin không có địa chỉ.",
    "The line is not a filterlog record.": "Dòng không phải bản ghi filterlog.",
    "The filterlog record is cut short or has no address.": "Bản ghi filterlog bị cắt cụt hoặc không có địa chỉ.",
    "The line is not a RouterOS message.": "Dòng không phải thông báo của RouterOS.",
    "The line is not a message of a DrayTek Vigor.": "Dòng không phải thông báo của DrayTek Vigor.",
    "The line is not a record of a Zyxel firewall.": "Dòng không phải bản ghi của tường lửa Zyxel.",
    "The line is not a record of a Juniper SRX.": "Dòng không phải bản ghi của Juniper SRX.",
    "The record of the Juniper SRX has no address.": "Bản ghi của Juniper SRX không có địa chỉ.",
    "The line is not a message of an ssh server.": "Dòng không phải thông báo của máy chủ ssh.",
    "The line is not a message of a mail server.": "Dòng không phải thông báo của máy chủ thư.",
    "No container's name stands before the line.": "Trước dòng không có tên của bộ chứa (container).",
    "The record does not begin with a part's mark.": "Bản ghi không bắt đầu bằng dấu mở phần.",
    "The row's columns are not known.": "Không rõ các cột của dòng.",
    "The line is not a row of the Windows Firewall.": "Dòng không phải bản ghi của Tường lửa Windows.",
    "The line is not a web server's record.": "Dòng không phải bản ghi của máy chủ web.",
}
