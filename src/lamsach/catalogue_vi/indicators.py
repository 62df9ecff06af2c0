"""Vietnamese texts of `lamsach.indicators` and `lamsach indicators`."""

INDICATORS: dict[str, str] = {
    # why a value is not taken
    "This is not an address, a domain name, a URL or a hash.": "Đây không phải địa chỉ IP, tên miền, URL hay mã băm.",
    "The value stands in a sentence above the table: it is mentioned there, not listed.": "Giá trị này nằm trong câu văn phía trên bảng: chỉ được nhắc đến, không thuộc danh sách.",
    "The address is private: it names a different machine in every network.": "Địa chỉ nội bộ: ở mỗi mạng, địa chỉ này là một máy khác nhau.",
    "The address is a loopback address: every machine has it.": "Địa chỉ loopback: máy nào cũng có địa chỉ này.",
    "The address is link-local: it has no meaning outside one network segment.": "Địa chỉ link-local: chỉ có nghĩa trong một phân đoạn mạng.",
    "The address is a multicast address: it names no single machine.": "Địa chỉ multicast: không chỉ một máy cụ thể nào.",
    "The address is unspecified: it names no machine.": "Địa chỉ không xác định: không chỉ máy nào.",
    "The address is in the providers' shared space (100.64.0.0/10): it names a different machine in every network.": (
        "Địa chỉ thuộc dải dùng chung của nhà cung cấp (100.64.0.0/10): ở mỗi mạng, địa chỉ này là một máy khác nhau."
    ),
    "The address is reserved: it cannot be met on the internet.": "Địa chỉ dành riêng: không thể gặp trên Internet.",
    "The network contains private or reserved addresses.": "Dải mạng có chứa địa chỉ nội bộ hoặc địa chỉ dành riêng.",
    "The network is too large: no shorter prefix than /8 (IPv4) or /16 (IPv6) is taken.": (
        "Dải mạng quá lớn: không nhận dải lớn hơn /8 (IPv4) hoặc /16 (IPv6)."
    ),
    "The range ends before it begins.": "Dải địa chỉ có điểm cuối đứng trước điểm đầu.",
    "The range is not a single network.": "Dải địa chỉ không phải là một mạng duy nhất.",
    "The name is a public suffix: everybody's names stand under it.": "Đây là hậu tố tên miền công cộng: tên miền của mọi tổ chức đều nằm dưới nó.",
    "The name does not end in a top-level domain of the internet.": "Tên không kết thúc bằng một tên miền cấp cao nhất có trên Internet.",
    "The name is internal: it names a different machine in every network.": "Tên nội bộ: ở mỗi mạng, tên này là một máy khác nhau.",
    "This looks like the name of a file, not a domain name.": "Đây có vẻ là tên tệp, không phải tên miền.",
    "The name breaks the rules for domain names.": "Tên không đúng quy tắc đặt tên miền.",
    "The URL cannot be read.": "Không hiểu được URL này.",
    "The URL has a scheme that logs do not show.": "Giao thức của URL không xuất hiện trong nhật ký.",
    "This is an e-mail address: logs of connections do not show it.": "Đây là địa chỉ thư điện tử: nhật ký kết nối không ghi địa chỉ này.",
    "This kind of hash is not supported: only MD5, SHA-1 and SHA-256 are.": "Loại mã băm này chưa được hỗ trợ: chỉ hỗ trợ MD5, SHA-1 và SHA-256.",
    "This is the hash of an empty file.": "Đây là mã băm của tệp rỗng.",
    "The value is not of the type that the list states.": "Giá trị không đúng loại mà danh sách ghi.",
    "Values of this type cannot be met in logs.": "Giá trị loại này không xuất hiện trong nhật ký.",
    "The line is longer than 1 MiB.": "Dòng dài hơn 1 MiB.",
    "The record is damaged.": "Bản ghi bị hỏng.",
    "The pattern names no address, domain name, URL or hash.": "Mẫu không nêu địa chỉ IP, tên miền, URL hay mã băm nào.",
    "The source has withdrawn this indicator.": "Nguồn cung cấp đã thu hồi dấu hiệu này.",
    "The pattern says what must not be there, which is no indicator.": "Mẫu nêu điều không được xuất hiện, nên không phải là dấu hiệu.",
    # inputs
    "The file is not there.": "Không tìm thấy tệp.",
    "Check the path.": "Hãy kiểm tra lại đường dẫn.",
    "The file may not be read.": "Không có quyền đọc tệp.",
    "Ask for permission to read it.": "Hãy xin quyền đọc tệp.",
    "This is a folder, not a list.": "Đây là thư mục, không phải danh sách.",
    "The file cannot be read.": "Không đọc được tệp.",
    "The list is empty.": "Danh sách rỗng.",
    "The format of the list is not known.": "Không nhận ra định dạng của danh sách.",
    "Give a TXT, CSV, XLSX, PDF, HTML, JSON or XML file.": "Hãy dùng tệp TXT, CSV, XLSX, PDF, HTML, JSON hoặc XML.",
    "This Office file is in the old format or locked with a password.": "Tệp Office này ở định dạng cũ hoặc bị khóa bằng mật khẩu.",
    "Save it as XLSX without a password.": "Hãy lưu lại thành XLSX, không đặt mật khẩu.",
    "The list is too large to be read as a whole.": "Danh sách quá lớn, không thể đọc cả tệp một lần.",
    "Split it into several files.": "Hãy tách thành nhiều tệp.",
    "The packed file is damaged or cut short.": "Tệp nén bị hỏng hoặc bị cắt cụt.",
    "Fetch the file again.": "Hãy tải lại tệp.",
    "The file unpacks to far more than its size allows: this is how a decompression bomb looks.": (
        "Tệp khi giải nén lớn bất thường so với kích thước của nó: đây là dấu hiệu của bom nén."
    ),
    "Unpack it yourself if you trust it.": "Nếu tin cậy tệp này, hãy tự giải nén trước.",
    "The archive is damaged.": "Tệp lưu trữ bị hỏng.",
    "The archive is locked with a password.": "Tệp lưu trữ bị khóa bằng mật khẩu.",
    "Unpack it first.": "Hãy giải nén trước.",
    "The archive holds too many files.": "Tệp lưu trữ chứa quá nhiều tệp.",
    "The workbook has no sheets.": "Bảng tính không có trang nào.",
    "Save it again as XLSX.": "Hãy lưu lại thành XLSX.",
    "The workbook has too many parts.": "Bảng tính có quá nhiều thành phần.",
    "The workbook holds too much text.": "Bảng tính chứa quá nhiều chữ.",
    "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.": (
        "XML có khai báo thực thể hoặc kiểu tài liệu: đây là dấu hiệu của bom XML nên không được đọc."
    ),
    "The XML is damaged.": "XML bị hỏng.",
    "The JSON is damaged or cut short.": "JSON bị hỏng hoặc bị cắt cụt.",
    "The JSON is nested too deep.": "JSON lồng nhau quá sâu.",
    "The PDF is damaged.": "PDF bị hỏng.",
    "The PDF is locked with a password.": "PDF bị khóa bằng mật khẩu.",
    "Save it without a password.": "Hãy lưu lại, không đặt mật khẩu.",
    "The PDF has too many pages.": "PDF có quá nhiều trang.",
    "This exception was not understood.": "Không hiểu được ngoại lệ này.",
    "Write one value a line.": "Hãy ghi mỗi dòng một giá trị.",
    # the command
    "No list names this value.": "Không danh sách nào có giá trị này.",
    "{indicators} indicators, {refused} refused, from {documents} documents.": (
        "{indicators} dấu hiệu, {refused} giá trị bị từ chối, từ {documents} tài liệu."
    ),
    "The kind of output is not known by its suffix.": "Không nhận ra loại tệp kết quả qua phần mở rộng.",
    "Use .csv, .jsonl, .json or .txt.": "Hãy dùng .csv, .jsonl, .json hoặc .txt.",
    "The result could not be written; an older file is kept.": "Không ghi được kết quả; tệp cũ được giữ nguyên.",
    "Free space or choose another place.": "Hãy giải phóng dung lượng hoặc chọn nơi khác.",
}
