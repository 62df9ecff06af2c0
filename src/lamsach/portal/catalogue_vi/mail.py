"""Outgoing and incoming e-mail."""

from __future__ import annotations

MAIL: dict[str, str] = {
    "Came back": "Thư bị trả lại",
    "Open the page": "Mở trang",
    "Answer to a letter": "Thư trả lời",
    "Delivery report": "Thông báo thư không đến",
    "Automatic message": "Thư tự động",
    "Not readable": "Không đọc được",
    "The e-mail is larger than allowed.": "Thư lớn hơn mức cho phép.",
    "The e-mail cannot be read.": "Không đọc được thư.",
    "This is no address of a mailbox.": "Đây không phải địa chỉ của hộp thư.",
    "Write it as imaps://user:password@host:993/INBOX.": "Hãy viết theo dạng imaps://user:password@host:993/INBOX.",
    "The mailbox has no such folder.": "Hộp thư không có thư mục này.",
    "by e-mail": "qua thư điện tử",
    "Wrote": "Gửi thư",
    "Took the statement back": "Rút xác nhận",
    "Files that were not stored: {names}": "Các tệp không được lưu: {names}",
    "Question by e-mail": "Câu hỏi qua thư điện tử",
    "E-mails that came in": "Thư đến",
    "Received": "Nhận lúc",
    "Answers the letter": "Trả lời thư",
    "The unit's answer to the dispatch": "Trả lời công văn của đơn vị",
    "The question": "Câu hỏi",
    "The whole e-mail as a file": "Tải toàn bộ thư",
    "To be called: no answer yet, and no e-mail address or letters come back": "Cần gọi điện: chưa trả lời, chưa có thư điện tử hoặc thư bị trả lại",
    "Letters to this address come back since %(day)s:": "Thư gửi đến địa chỉ này bị trả lại từ ngày %(day)s:",
}
