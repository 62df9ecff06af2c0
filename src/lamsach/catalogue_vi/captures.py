"""Vietnamese texts of captures, flow exports, column files and tcpdump's text (`lamsach.logs`)."""

CAPTURES: dict[str, str] = {
    "The file is not a network capture.": "Tệp này không phải tệp bắt gói tin mạng.",
    "Check the format that was stated.": "Hãy kiểm tra lại định dạng đã chỉ định.",
    "The capture is cut short; what came before was read.": "Tệp bắt gói tin bị cắt cụt; phần trước đó đã được đọc.",
    "The capture is damaged; what came before the damage was read.": "Tệp bắt gói tin bị hỏng; phần trước chỗ hỏng đã được đọc.",
    "Frames of this link type are not understood.": "Không đọc được khung tin thuộc kiểu liên kết này.",
    "The packet that describes these records is missing.": "Thiếu gói tin mô tả cấu trúc của các bản ghi này.",
    "The export file is cut short; what came before was read.": "Tệp luồng mạng bị cắt cụt; phần trước đó đã được đọc.",
    "The export file is damaged; what came before the damage was read.": "Tệp luồng mạng bị hỏng; phần trước chỗ hỏng đã được đọc.",
    "The column file is damaged; what came before the damage was read.": "Tệp dữ liệu dạng cột bị hỏng; phần trước chỗ hỏng đã được đọc.",
    "The Parquet file is encrypted.": "Tệp Parquet đã được mã hóa.",
    "Export it without encryption.": "Hãy xuất lại tệp không mã hóa.",
    "The line is not of tcpdump.": "Dòng này không phải của tcpdump.",
    "The line is not an alert of Snort.": "Dòng này không phải cảnh báo của Snort.",
    "The line is not of Argus.": "Dòng này không phải của Argus.",
    "The line is not of SiLK.": "Dòng này không phải của SiLK.",
    "The record is not of nfdump.": "Bản ghi này không phải của nfdump.",
}
