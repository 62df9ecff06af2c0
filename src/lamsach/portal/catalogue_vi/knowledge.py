"""Answers kept ready, knowledge articles, files of questions."""

from __future__ import annotations

KNOWLEDGE: dict[str, str] = {
    "Title": "Tiêu đề",
    "Words that people use for it": "Từ ngữ người hỏi thường dùng",
    "With commas between them, such as: máy chậm, không mở được tệp.": "Cách nhau bằng dấu phẩy, ví dụ: máy chậm, không mở được tệp.",
    "At most five files can be sent with a question.": "Mỗi câu hỏi gửi kèm tối đa năm tệp.",
    "A file is larger than 10 MB.": "Có tệp lớn hơn 10 MB.",
    "Documents with macros are not accepted.": "Không nhận tài liệu có macro.",
    "At most five, of 10 MB each: PDF, DOCX, XLSX, PNG, JPG, TXT, CSV. No passwords in them.": "Tối đa năm tệp, mỗi tệp 10 MB: PDF, DOCX, XLSX, PNG, JPG, TXT, CSV. Không gửi tệp có mật khẩu.",
    "Removed from the shelf.": "Đã bỏ khỏi danh mục.",
    "Good to know. No question was sent.": "Xin cảm ơn bạn đã cho biết. Câu hỏi chưa được gửi.",
    "Perhaps this answers it already": "Có thể bạn tìm thấy câu trả lời tại đây",
    "If not, send the question with the button below. It is still here as you wrote it.": "Nếu chưa, hãy gửi câu hỏi bằng nút bên dưới. Nội dung bạn viết vẫn được giữ nguyên.",
    "This helped me": "Bài viết này đã giúp tôi",
    "Ask a question": "Gửi câu hỏi khác",
    "Prepared answers and articles": "Câu trả lời mẫu và bài hướng dẫn",
    "Prepared answers": "Câu trả lời mẫu",
    "The desk of a unit and of everything under it can put them into an answer.": "Đầu mối hỗ trợ của đơn vị và các đơn vị trực thuộc dùng được khi trả lời.",
    "None yet.": "Chưa có.",
    "Keep an answer ready": "Thêm câu trả lời mẫu",
    "Articles for everybody": "Bài hướng dẫn cho mọi người",
    "Articles that fit are offered to people before their question is sent.": "Bài phù hợp được giới thiệu cho người hỏi trước khi gửi câu hỏi.",
    "Helped": "Lượt hữu ích",
    "Write an article": "Viết bài hướng dẫn",
    "Take it off the shelf": "Bỏ khỏi danh mục",
    "Use a prepared answer": "Dùng câu trả lời mẫu",
    "Save the article": "Lưu bài hướng dẫn",
    "Keep the answer": "Lưu câu trả lời mẫu",
}
