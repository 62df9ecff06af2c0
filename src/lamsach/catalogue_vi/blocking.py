"""Vietnamese texts of the outputs of lists, their review, versions and signatures."""

BLOCKING: dict[str, str] = {
    # what of a value a format holds
    "The name is held, the names below it are not.": "Chỉ giữ được chính tên miền này, không gồm các tên miền con.",
    "Host and path are held, the scheme is not.": "Giữ được máy chủ và đường dẫn, không giữ được giao thức.",
    "The format cannot hold values of this kind.": "Định dạng này không chứa được loại giá trị này.",
    "The value is not in canonical form.": "Giá trị không ở dạng chuẩn.",
    "Another value of the list covers this one already.": "Một giá trị khác trong danh sách đã bao gồm giá trị này.",
    "The name is too long for the format.": "Tên miền quá dài đối với định dạng này.",
    "The format holds addresses of the other version of IP.": "Định dạng này dành cho phiên bản IP khác.",
    "The syntax has no safe way to write this value.": "Cú pháp không có cách an toàn để ghi giá trị này.",
    # why a value does not go out
    "The validity of the value is over.": "Giá trị đã hết hiệu lực.",
    "The validity of the value has not begun.": "Giá trị chưa đến thời điểm có hiệu lực.",
    "The value's TLP is higher than what may be given to the receiver.": "Mức TLP của giá trị cao hơn mức được phép gửi cho bên nhận.",
}
