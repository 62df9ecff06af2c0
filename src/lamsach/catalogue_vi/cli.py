"""Vietnamese texts of `lamsach.cli`, `lamsach.hunt`, `lamsach.investigate` and `lamsach.demo`."""

CLI: dict[str, str] = {
    # what the commands say
    "A package that this needs is not installed.": "Chưa cài gói phần mềm cần cho việc này.",
    **{
        f"Install it: pip install 'lamsach[{extra}]'": f"Hãy cài bằng lệnh: pip install 'lamsach[{extra}]'"
        for extra in (
            *("portal", "scanner", "docs", "tables", "postgres"),
            *("kafka", "s3", "cluster", "sign", "token", "seal", "ocr", "jit"),
        )
    },
    "Stopped.": "Đã dừng.",
    "There is not enough memory. Give fewer threads or a shorter list.": "Không đủ bộ nhớ. Hãy giảm số luồng xử lý hoặc dùng danh sách ngắn hơn.",
    "A defect of the program: {name}. Run again with --debug before the command and report it.": (
        "Lỗi của chương trình: {name}. Hãy chạy lại với --debug đặt trước tên lệnh và báo lại lỗi này."
    ),
    "Searching the logs": "Đang truy tìm trong nhật ký",
    "Reading the indicator list.": "Đang đọc danh sách dấu hiệu.",
    "The log holds no NAT record.": "Nhật ký không có bản ghi NAT nào.",
    "Give the log of the gateway that translates the addresses.": "Hãy đưa nhật ký của cổng chuyển đổi địa chỉ.",
    "Logs with NAT records: machines behind a gateway's address are named by them.": "Nhật ký có bản ghi NAT: dùng để chỉ ra máy đứng sau địa chỉ của cổng.",
    "Reading the leases.": "Đang đọc bản ghi cấp phát DHCP.",
    "There is no machine code of the search for this system.": "Không có mã máy của chương trình tìm kiếm cho hệ thống này.",
    "The machine code of the search cannot run on this computer.": "Mã máy của chương trình tìm kiếm không chạy được trên máy này.",
    "In the sources run make install; else: pip install 'lamsach[jit]'": (
        "Trong thư mục mã nguồn hãy chạy make install; nếu không: pip install 'lamsach[jit]'"
    ),
    "This installation has no machine code of the search for this system: it is compiled at each start, which takes some seconds.": (
        "Bản cài đặt này không có sẵn mã máy của chương trình tìm kiếm cho hệ thống này: mỗi lần khởi động phải biên dịch, mất vài giây."
    ),
    "Seen already: {indicator}, {time}, {file} line {line}. The search goes on.": (
        "Đã thấy: {indicator}, {time}, {file} dòng {line}. Việc tìm kiếm vẫn tiếp tục."
    ),
    "Written: {path}": "Đã ghi: {path}",
    "The report: {path}": "Báo cáo: {path}",
    "Filling a made-up ministry's portal": "Đang tạo cổng của một bộ giả định",
    "Log in at {address} with one of these addresses:": "Đăng nhập tại {address} bằng một trong các địa chỉ sau:",
    "Password of all of them: {password}": "Mật khẩu chung: {password}",
    "Ctrl-C ends the demo and removes the portal.": "Nhấn Ctrl-C để kết thúc và xóa cổng minh họa.",
    "Keep the month and the report in this folder.": "Giữ tháng nhật ký và báo cáo trong thư mục này.",
    "To look around in a made-up ministry's portal with it: {command}": "Để xem dữ liệu này trong cổng của một bộ giả định, chạy: {command}",
    "Writing a made-up unit's month of logs to {folder}": "Đang ghi nhật ký một tháng của một đơn vị giả định vào {folder}",
    # what does not fit on the command line
    "There is no time zone of this name.": "Không có múi giờ nào tên như vậy.",
    "Give a name such as Asia/Ho_Chi_Minh or UTC.": "Hãy ghi tên như Asia/Ho_Chi_Minh hoặc UTC.",
    "There is no such language.": "Không có ngôn ngữ này.",
    "Give a language that --help names.": "Hãy chọn một ngôn ngữ có trong --help.",
    "This is no date or time.": "Đây không phải ngày hay giờ hợp lệ.",
    "Write 2022-09-26, 26/09/2022 or 2022-09-26T08:00.": "Hãy ghi 2022-09-26, 26/09/2022 hoặc 2022-09-26T08:00.",
    "The search would end before it begins.": "Khoảng thời gian cần tìm kết thúc trước khi bắt đầu.",
    "Exchange the two dates.": "Hãy đổi chỗ hai ngày.",
    "The environment variable with the password is not set.": "Biến môi trường chứa mật khẩu chưa được đặt.",
    "Set it and run again.": "Hãy đặt biến này rồi chạy lại.",
    "{name} is missing.": "Thiếu {name}.",
    "There is no option {name}.": "Không có tùy chọn {name}.",
    "There is no command {name}.": "Không có lệnh {name}.",
    "The value of {name} does not fit.": "Giá trị của {name} không hợp lệ.",
    "{name} takes no value.": "{name} không nhận giá trị.",
    "{name} needs a value.": "{name} cần có giá trị.",
    "{name} is one word too many.": "Thừa {name}.",
    "Did you mean {name}?": "Có phải bạn muốn dùng {name}?",
    "[OPTIONS]": "[TÙY CHỌN]",
    "COMMAND": "LỆNH",
    "The shell.": "Trình vỏ lệnh (shell).",
    "Print what a shell has to read so that the Tab key completes commands and options.": "In ra phần khai báo để phím Tab của trình vỏ lệnh tự điền lệnh và tùy chọn.",
    "There is no completion for this shell.": "Không có phần tự điền cho trình vỏ lệnh này.",
    "Give bash, zsh or fish.": "Hãy chọn bash, zsh hoặc fish.",
    "Standard output could not be written.": "Không ghi được ra luồng xuất chuẩn.",
    "Free space, or write elsewhere.": "Hãy giải phóng dung lượng hoặc ghi ra nơi khác.",
    "See: {command} --help": "Xem: {command} --help",
    # lists and logs as a whole
    "The list holds no usable value.": "Danh sách không có giá trị nào dùng được.",
    "Give a list of addresses, names or hashes.": "Hãy đưa vào danh sách địa chỉ IP, tên miền hoặc mã băm.",
    "There is no log.": "Không có nhật ký nào.",
    "Give files or folders that hold logs.": "Hãy đưa vào tệp hoặc thư mục có nhật ký.",
    "The log is empty.": "Tệp nhật ký rỗng.",
    "Find out whether logging works there, or whether the copy failed.": (
        "Hãy kiểm tra việc ghi nhật ký ở nơi đó có hoạt động không, hoặc việc sao chép có bị lỗi không."
    ),
    "This is a log, not a list of indicators.": "Đây là nhật ký, không phải danh sách dấu hiệu.",
    "This is a list of indicators, not a log.": "Đây là danh sách dấu hiệu, không phải nhật ký.",
    "This is a list of this hunt, not a log: it was not searched.": (
        "Đây là danh sách của chính lần truy tìm này, không phải nhật ký: tệp không được tìm."
    ),
    "Give it before the lists, without -i, and the list of indicators with -i.": (
        "Hãy đặt tệp này trước các danh sách, không có -i, và đưa danh sách dấu hiệu bằng -i."
    ),
    "Give it with -i. If it is a log after all, add --format unknown_text.": (
        "Hãy đưa tệp này bằng -i. Nếu đây đúng là nhật ký, hãy ghi rõ bằng --format unknown_text."
    ),
    "This is a {title} log{size}, not a list of indicators.": "Đây là nhật ký {title}{size}, không phải danh sách dấu hiệu.",
    "Did you mean: {command}": "Có phải ý bạn là: {command}",
    "This is not text: it was searched as it is, and nothing but plain values can be found in it.": (
        "Đây không phải tệp văn bản: tệp vẫn được truy tìm nguyên dạng, nhưng chỉ tìm được giá trị ghi dưới dạng chữ."
    ),
    "Lines behind the first 500 state addresses as numbers, which were not searched.": (
        "Các dòng sau 500 dòng đầu ghi địa chỉ dưới dạng số, chưa được truy tìm."
    ),
    "Split the file where such lines begin, and give the parts.": "Hãy tách tệp tại chỗ bắt đầu các dòng đó rồi đưa vào từng phần.",
    "Export it as text, or give the log itself.": "Hãy xuất thành văn bản, hoặc đưa vào chính tệp nhật ký gốc.",
    # demo
    "The demo's month has between 14 and 30 days.": "Tháng của bản chạy thử có từ 14 đến 30 ngày.",
    "The demo's unit needs between 150 and 800 devices.": "Đơn vị của bản chạy thử cần từ 150 đến 800 thiết bị.",
    "Choose a number in that range.": "Hãy chọn một số trong khoảng này.",
    "The demo's files could not be written.": "Không ghi được các tệp của bản chạy thử.",
    "Choose another folder.": "Hãy chọn thư mục khác.",
    # help pages
    "Usage:": "Cách dùng:",
    "{min} to {max}": "{min} đến {max}",
    "at least {min}": "ít nhất {min}",
    "at most {max}": "nhiều nhất {max}",
    "Arguments": "Tham số",
    "Options": "Tùy chọn",
    "Commands": "Lệnh",
    "[required]": "[bắt buộc]",
    "[default: {}]": "[mặc định: {}]",
    "Show this message and exit.": "Hiện trang trợ giúp này.",
    "Example: {command}": "Ví dụ: {command}",
    "Malware clean-up: lists and logs in, infected devices named, with the evidence.": (
        "Làm sạch mã độc: từ danh sách và nhật ký, chỉ ra thiết bị nhiễm kèm bằng chứng."
    ),
    "Show the version.": "Hiện số phiên bản.",
    "Show where in the program an error arose.": "Hiện vị trí phát sinh lỗi trong chương trình.",
    "Search logs for listed addresses and names, and name the machines that connected.": (
        "Truy tìm trong nhật ký theo danh sách địa chỉ và tên miền độc hại, chỉ ra những máy đã kết nối."
    ),
    "Log files, folders, archives, patterns, or - for standard input.": (
        "Tệp nhật ký, thư mục, tệp nén, mẫu tên tệp, hoặc - để đọc từ đầu vào chuẩn."
    ),
    "A list of malicious addresses; repeat for more.": "Danh sách địa chỉ độc hại; dùng nhiều lần nếu có nhiều danh sách.",
    "Write results: .html .xlsx .csv .jsonl .zip; repeat for more.": (
        "Ghi kết quả: .html .xlsx .csv .jsonl .zip; dùng nhiều lần để ghi nhiều tệp."
    ),
    "DHCP logs or lease files besides those among the logs; repeat for more.": (
        "Nhật ký DHCP hoặc tệp cấp phát địa chỉ, ngoài những tệp đã có trong nhật ký; lặp lại để thêm."
    ),
    "XLSX or CSV of machines, users and departments.": "Bảng kê thiết bị, người sử dụng, phòng ban (XLSX hoặc CSV).",
    "Decisions of the lists' review: accepted values count, doubtful or not.": (
        "Quyết định khi rà soát danh sách: giá trị đã được chấp nhận thì được tính, dù có cảnh báo."
    ),
    "A list of values that are known to be good; repeat for more.": "Danh sách ngoại lệ: những giá trị đã biết là an toàn; lặp lại để thêm.",
    "A DNS server, proxy or NAT gateway that speaks for others: address, network or host name; repeat for more.": (
        "Máy chủ DNS, máy chủ proxy hoặc cổng NAT kết nối thay cho máy khác: địa chỉ, dải mạng hoặc tên máy; lặp lại để thêm."
    ),
    "Only events from this day or time on.": "Chỉ lấy sự kiện từ ngày hoặc giờ này trở đi.",
    "Only events to this day (included) or before this time.": "Chỉ lấy sự kiện đến hết ngày này hoặc trước giờ này.",
    "Time zone of lines that state none.": "Múi giờ của những dòng không ghi múi giờ.",
    "Read the logs as this format; see lamsach logs formats.": "Đọc nhật ký theo định dạng này; xem lamsach logs formats.",
    "Language of results.": "Ngôn ngữ của kết quả.",
    "Environment variable with the password of locked archives.": "Biến môi trường chứa mật khẩu của tệp nén bị khóa.",
    "Worker threads; default: one a processor.": "Số luồng xử lý; mặc định: mỗi bộ xử lý một luồng.",
    "Print figures of the run as JSON on standard error.": "In số liệu của lần chạy dạng JSON ra luồng lỗi chuẩn.",
    "Make up a unit's month of logs with planted infections, hunt it, and show it in a portal with a made-up ministry.": (
        "Tạo nhật ký một tháng của một đơn vị giả định có máy nhiễm, truy tìm và trình bày trong cổng của một bộ giả định."
    ),
    "The port of the demo's portal.": "Cổng TCP của cổng minh họa.",
    "Write the month and the report into this folder, and end.": "Ghi nhật ký và báo cáo vào thư mục này rồi kết thúc.",
    "Another seed gives another unit.": "Số khởi tạo khác cho ra đơn vị khác.",
    "Read lists of indicators, and look values up in them.": "Đọc danh sách dấu hiệu và tra cứu giá trị trong danh sách.",
    "Read lists and give each indicator once in canonical form, as a table, in a pipe one JSON object a line; what is refused goes to standard error.": (
        "Đọc danh sách, mỗi dấu hiệu một lần ở dạng chuẩn: hiện thành bảng, khi nối sang lệnh khác thì mỗi dòng một đối tượng JSON; mục bị từ chối ghi ra luồng lỗi chuẩn."
    ),
    "Print JSON on a terminal too, as in a pipe.": "In JSON cả khi hiện trên màn hình, như khi nối sang lệnh khác.",
    "Stated in": "Nêu tại",
    "{count} more are not shown; -o FILE writes all, --json prints all.": "Còn {count} giá trị không hiện; -o FILE ghi tất cả, --json in tất cả.",
    "its validity is over": "đã hết hiệu lực",
    "excepted by {place}": "được loại trừ tại {place}",
    "decided: {decision}, {reason} ({place})": "đã quyết định: {decision}, {reason} ({place})",
    "page {number}": "trang {number}",
    "row {number}": "dòng {number}",
    "Read pages that are pictures (needs tesseract); low confidence.": "Đọc cả các trang là ảnh (cần tesseract); độ tin cậy thấp.",
    "Fetch what is new in a TAXII 2.1 collection, a MISP instance or a MISP feed into a folder, which is a list to hunt with; an interrupted run is continued.": (
        "Tải phần mới của một bộ sưu tập TAXII 2.1, máy chủ MISP hoặc nguồn MISP về thư mục, dùng được ngay làm danh sách truy tìm; lần chạy bị ngắt sẽ được tiếp tục."
    ),
    "A TAXII 2.1 collection, https://host/api/collections/ID/; a MISP instance, misp+https://host; or a MISP feed, https://host/folder/manifest.json.": (
        "Bộ sưu tập TAXII 2.1, https://host/api/collections/ID/; máy chủ MISP, misp+https://host; hoặc nguồn MISP, https://host/folder/manifest.json."
    ),
    "The folder that keeps the pages; a list itself.": "Thư mục lưu các trang, dùng được làm danh sách.",
    "Ask through this proxy.": "Kết nối qua máy chủ proxy này.",
    "Trust the certificates in this PEM file, no others.": "Chỉ tin các chứng thư trong tệp PEM này.",
    "What to send as Authorization: 'Bearer ...', or the key of a MISP instance, from the first line of a file.": (
        "Nội dung gửi trong Authorization: 'Bearer ...', hoặc khóa của máy chủ MISP, lấy từ dòng đầu của một tệp."
    ),
    "The portal of the demo could not be filled.": "Không tạo được dữ liệu cho cổng minh họa.",
    "The same, from an environment variable.": "Như trên, lấy từ một biến môi trường.",
    "At first, only what was added after this time.": "Lần đầu chỉ lấy phần được thêm sau thời điểm này.",
    "Lists: files, folders, or - for standard input.": "Danh sách: tệp, thư mục, hoặc - để đọc từ đầu vào chuẩn.",
    "Write to a .csv, .jsonl, .json or .txt file.": "Ghi ra tệp .csv, .jsonl, .json hoặc .txt.",
    "Tell whether lists cover a value: itself, a parent domain, a network around it, or a URL on its host.": (
        "Cho biết danh sách có bao gồm một giá trị hay không: chính nó, tên miền cấp trên, dải mạng chứa nó, hoặc URL trên máy chủ đó."
    ),
    "An address, network, name, URL or hash, defanged or not.": (
        "Địa chỉ IP, dải mạng, tên miền, URL hoặc mã băm, viết nguyên dạng hoặc dạng đã vô hiệu hóa."
    ),
    "A list; may be repeated.": "Một danh sách; có thể dùng nhiều lần.",
    "Values that do not count.": "Những giá trị không tính (ngoại lệ).",
    "Recognise and read logs.": "Nhận dạng và đọc nhật ký.",
    "Tell each file's format by its content.": "Nhận ra định dạng của từng tệp qua nội dung.",
    "Logs: files, folders, patterns, archives, or - for standard input.": (
        "Nhật ký: tệp, thư mục, mẫu tên tệp, tệp nén, hoặc - để đọc từ đầu vào chuẩn."
    ),
    "One JSON object a file.": "Mỗi tệp một đối tượng JSON.",
    "Read logs and give each record as a JSON object a line.": "Đọc nhật ký, mỗi bản ghi là một đối tượng JSON trên một dòng.",
    "Write JSON lines to this file, or a table when its name ends in .parquet.": "Ghi các dòng JSON vào tệp này, hoặc ghi bảng nếu tên tệp kết thúc bằng .parquet.",
    "Read every file as this format; see `logs formats`.": "Đọc mọi tệp theo định dạng này; xem `logs formats`.",
    "A format of your own (TOML), tried before all others; repeat for more.": "Định dạng do bạn tự viết (TOML), được thử trước mọi định dạng khác; có thể dùng nhiều lần.",
    "A format of your own, as TOML.": "Định dạng do bạn tự viết, ở dạng TOML.",
    "Check a format of your own: its patterns, and whether its examples give what they say.": "Kiểm tra định dạng do bạn tự viết: các mẫu, và các ví dụ có cho ra đúng kết quả đã ghi hay không.",
    "A cluster does not know formats of your own.": "Cụm máy không biết các định dạng do bạn tự viết.",
    "Leave out --scheduler.": "Bỏ tùy chọn --scheduler.",
    "A log; - for standard input.": "Một nhật ký; - để đọc từ đầu vào chuẩn.",
    "The line's number. Default: the first that gives an event.": "Số thứ tự của dòng. Mặc định: dòng đầu tiên cho ra sự kiện.",
    "Show why a line is read as it is: its format, where each value is in it, why the other formats did not take it.": "Cho biết vì sao một dòng được đọc như vậy: định dạng, vị trí từng giá trị trong dòng, vì sao các định dạng khác không nhận.",
    "List each refused line on standard error.": "Liệt kê từng dòng bị từ chối ra luồng lỗi chuẩn.",
    "List the log formats that are read, and the fields each gives.": "Liệt kê các định dạng nhật ký đọc được và các trường của từng định dạng.",
    "Next:": "Việc tiếp theo:",
    "Not read, or blind:": "Chưa đọc được, hoặc mù:",
    "{count} more machine is in the report (-o report.html).": "Còn {count} máy nữa trong báo cáo (-o bao-cao.html).",
    "{count} more machines are in the report (-o report.html).": "Còn {count} máy nữa trong báo cáo (-o bao-cao.html).",
    "{count} more input could not be read.": "Còn {count} đầu vào nữa không đọc được.",
    "{count} more inputs could not be read.": "Còn {count} đầu vào nữa không đọc được.",
    "{count} log record could not be read.": "{count} bản ghi nhật ký không đọc được.",
    "{count} log records could not be read.": "{count} bản ghi nhật ký không đọc được.",
    "{count} more observer has blind days.": "Còn {count} nguồn ghi nhận có ngày mù.",
    "{count} more observers have blind days.": "Còn {count} nguồn ghi nhận có ngày mù.",
    "Isolate the infected machines, then open the report for what proves it and what to do with each:": (
        "Cô lập các máy nhiễm, rồi mở báo cáo để xem chứng cứ và việc cần làm với từng máy:"
    ),
    "Write the report to look at each contact:": "Ghi báo cáo để xem từng kết nối:",
    "Open the report to look at each contact:": "Mở báo cáo để xem từng kết nối:",
    "Name the machines behind DNS servers, proxies and gateways: add their client logs, the gateways' NAT records and the DHCP leases:": (
        "Tìm máy phía sau máy chủ DNS, proxy, cổng NAT: thêm nhật ký máy trạm của các thiết bị đó, bản ghi NAT của cổng và nhật ký cấp địa chỉ DHCP:"
    ),
    "Get the logs that are missing and hunt again:": "Lấy nhật ký còn thiếu rồi truy tìm lại:",
    "See which values of the list were refused, and why:": "Xem giá trị nào trong danh sách bị từ chối và vì sao:",
    "Keep this result as a record of what was searched:": "Lưu kết quả này làm căn cứ về phạm vi đã tìm:",
    "The - means standard input: put the program that gave the logs, and |, before the command.": "Dấu - là đầu vào chuẩn: hãy đặt chương trình đưa nhật ký vào, rồi dấu |, trước lệnh.",
    "report.html": "bao-cao.html",
    "findings.zip": "ket-qua.zip",
    "DHCP-LOG": "NHAT-KY-DHCP",
    "NAT-LOG": "NHAT-KY-NAT",
}
