"""Vietnamese texts of `lamsach.results`."""

_MORE_ELSEWHERE = "Còn {count} mục nữa trong tệp bảng tính (.xlsx) và gói kết quả (.zip)."
_MORE_ROWS = "Trang tính này không chứa hết: còn {count} dòng nữa trong gói kết quả (.zip)."
_MORE_CHARACTERS = "Còn {count} ký tự nữa trong gói kết quả (.zip)."
_MORE_MONTHS = "Còn {count} tháng trước đó trong tệp bảng tính (.xlsx) và gói kết quả (.zip)."
_MORE_REFUSED = "Còn {count} giá trị bị từ chối; lệnh đọc danh sách liệt kê đầy đủ."
_MORE_UNLISTED = "Còn {count} giá trị bị từ chối không liệt kê ở đây."
_DETAILS_FOLLOW = "Dưới đây là chi tiết của {count} máy đầu; chi tiết các máy khác có trong tệp bảng tính (.xlsx) và gói kết quả (.zip)."
_SET_ASIDE = "{count} chỗ trong nhật ký có giá trị trong danh sách nhưng không quy được cho máy nào."
_UNDATED = "{count} dòng không ghi thời gian: đã được tìm, nhưng không chứng minh cho ngày nào."
_BLIND_DAYS = "{count} ngày mù (tính theo từng nguồn ghi nhận): không có nhật ký nên không kết luận được gì về những ngày này."
_NOT_TO_END = "{count} đầu vào không đọc được đến hết."
_REFUSED = "{count} giá trị trong danh sách bị từ chối, không được tìm."
_INFECTED = "{count} máy nhiễm"
_UNKNOWN = "{count} địa chỉ chưa xác định được máy"
_BLOCKED = "{count} máy bị chặn mọi kết nối độc hại"
_INBOUND = "{count} máy bị truy cập từ ngoài"
_QUESTIONED = "{count} giá trị trong danh sách cần xem lại: kết nối đến đó không làm máy nào bị coi là nhiễm."
_MORE_QUESTIONED = "Còn {count} giá trị nữa trong báo cáo (-o report.html)."
_RESOLVED = "{count} máy chỉ phân giải tên"

_SEARCHED: dict[str, str] = {
    "{count} line": "{count} dòng",
    "{count} lines": "{count} dòng",
    "{count} file": "{count} tệp",
    "{count} files": "{count} tệp",
    "{count} observer": "{count} nguồn ghi nhận",
    "{count} observers": "{count} nguồn ghi nhận",
    "{files}, {size}, {lines}, {observers}": "{files}, {size}, {lines}, {observers}",
    "Vietnam time": "giờ Việt Nam",
    "not stated": "không nêu",
    "and {count} more": "và {count} mục khác",
    "Searched for {indicators} indicators (list SHA-256 {digest}) in {files} with {lines} lines, {period} ({zone}). Lamsach {version}.": (
        "Đã tìm {indicators} dấu hiệu (mã băm SHA-256 của danh sách {digest}) trong {files} gồm {lines} dòng, {period} ({zone}). Lamsach {version}."
    ),
    "{zone} (assumed for log lines that state none: {name})": "{zone} (dòng nhật ký không ghi múi giờ được hiểu theo {name})",
    "{count} log file": "{count} tệp nhật ký",
    "{count} log files": "{count} tệp nhật ký",
    "no line states a time": "không dòng nào ghi thời gian",
    "until {last}": "đến {last}",
    "from {first}": "từ {first}",
    "from {first} to {last}": "từ {first} đến {last}",
    "List of indicators": "Danh sách dấu hiệu",
    "Versions of lists": "Phiên bản danh sách",
    "{name}, version {number}": "{name}, phiên bản {number}",
    "Indicators searched for": "Số dấu hiệu đã tìm",
    "List digest (SHA-256)": "Mã băm danh sách (SHA-256)",
    "Logs searched": "Nhật ký đã tìm",
    "Time in the logs": "Thời gian của nhật ký",
    "Asked for": "Khoảng thời gian yêu cầu",
    "NAT records": "Bản ghi NAT",
    "DHCP leases": "Nhật ký cấp địa chỉ DHCP",
    "Inventory": "Danh mục thiết bị",
    "Exception lists": "Danh sách ngoại lệ",
    "Stated DNS servers, proxies, gateways": "Máy chủ DNS, proxy, cổng NAT đã khai",
    "Times shown in": "Giờ trong báo cáo",
    "Hunt ran": "Thời gian truy tìm",
    "Tool": "Công cụ",
    "Nothing was found, and every observer has logs for each day searched.": (
        "Không tìm thấy gì, và mọi nguồn ghi nhận đều có nhật ký cho từng ngày đã tìm."
    ),
    "Nothing was found before the hunt was interrupted. This is not a clean result.": (
        "Chưa tìm thấy gì cho đến khi việc truy tìm bị ngắt. Chưa thể kết luận là sạch."
    ),
    "No log line was searched. This is not a clean result.": "Chưa có dòng nhật ký nào được tìm. Chưa thể kết luận là sạch.",
    "No contact was found, but listed values are in the logs where they accuse no machine: look at these places.": (
        "Không tìm thấy kết nối nào, nhưng giá trị trong danh sách có trong nhật ký ở những chỗ không quy được cho máy nào: hãy xem lại các chỗ đó."
    ),
    "Nothing was found, but no line of a known kind of log states a time {period}. This is not a clean result.": (
        "Không tìm thấy gì, nhưng không có dòng nào của loại nhật ký đã biết ghi thời gian {period}. Chưa thể kết luận là sạch."
    ),
    "at all": "cả",
    "the unit's own server or public address": "máy chủ hoặc địa chỉ công khai của chính đơn vị",
    "within the address of another page, as in a search": "nằm trong địa chỉ của một trang khác, như khi tìm kiếm",
    "a program's version number": "số phiên bản của một chương trình",
    "a comment or heading of the log": "chú thích hoặc tiêu đề của nhật ký",
    "outside the days asked for": "ngoài những ngày cần tìm",
    "{count} place of the logs holds a listed value and accuses no machine.": _SET_ASIDE,
    "{count} places of the logs hold listed values and accuse no machine.": _SET_ASIDE,
    "{file}, line {line}: {value} is listed, but here it is {reason}.": "{file}, dòng {line}: {value} có trong danh sách, nhưng ở đây là {reason}.",
    "{count} more such place.": "Còn {count} chỗ như vậy.",
    "{count} more such places.": "Còn {count} chỗ như vậy.",
    "log": "nhật ký",
    "Listed values that accuse no machine": "Giá trị trong danh sách không quy được cho máy nào",
    "These values are in the logs, but not as a contact of a machine. Because of them the result is not called clean: look at the places.": (
        "Những giá trị này có trong nhật ký nhưng không phải là kết nối của một máy. Vì vậy chưa thể kết luận là sạch: hãy xem lại các chỗ này."
    ),
    "No contact with a listed address is in the logs.": "Nhật ký không ghi nhận kết nối nào tới địa chỉ trong danh sách.",
    "no machine known": "chưa rõ máy nào",
    "not known (log of {observer})": "chưa rõ máy nào (nhật ký của {observer})",
    "{count} line states no time: it was searched, and proves no day.": _UNDATED,
    "{count} lines state no time: they were searched, and prove no day.": _UNDATED,
    "Nothing was found, but there are days without logs. This is not a clean result.": (
        "Không tìm thấy gì, nhưng có những ngày không có nhật ký. Chưa thể kết luận là sạch."
    ),
    "Nothing was found in what could be read; some of the input could not be.": (
        "Không tìm thấy gì trong phần đọc được; một phần đầu vào không đọc được."
    ),
}

_FIGURES: dict[str, str] = {
    "{count} infected machine": _INFECTED,
    "{count} infected machines": _INFECTED,
    "{count} address whose machine is not known": _UNKNOWN,
    "{count} addresses whose machines are not known": _UNKNOWN,
    "{count} machine whose contacts were all blocked": _BLOCKED,
    "{count} machines whose contacts were all blocked": _BLOCKED,
    "{count} machine reached from outside": _INBOUND,
    "{count} machines reached from outside": _INBOUND,
    "{count} machine that only looked a name up": _RESOLVED,
    "{count} machines that only looked a name up": _RESOLVED,
    "{count} blind day": "{count} ngày mù",
    "{count} blind days": "{count} ngày mù",
    "The hunt was interrupted: this result is partial.": "Việc truy tìm bị ngắt giữa chừng: kết quả này chưa đầy đủ.",
    "{count} day of an observer is blind: it has no log, so nothing is known about it.": _BLIND_DAYS,
    "{count} days of observers are blind: they have no log, so nothing is known about them.": _BLIND_DAYS,
    "{count} input could not be read to its end.": _NOT_TO_END,
    "{count} inputs could not be read to their end.": _NOT_TO_END,
    "{count} value of the list was refused and not searched for.": _REFUSED,
    "{count} values of the list were refused and not searched for.": _REFUSED,
    "{count} more is in the workbook (.xlsx) and the findings bundle (.zip).": _MORE_ELSEWHERE,
    "{count} more are in the workbook (.xlsx) and the findings bundle (.zip).": _MORE_ELSEWHERE,
    "{count} more row does not fit into this sheet; it is in the findings bundle (.zip).": _MORE_ROWS,
    "{count} more rows do not fit into this sheet; they are in the findings bundle (.zip).": _MORE_ROWS,
    "{count} more character is in the findings bundle (.zip).": _MORE_CHARACTERS,
    "{count} more characters are in the findings bundle (.zip).": _MORE_CHARACTERS,
    "{count} earlier month is in the workbook (.xlsx) and the findings bundle (.zip).": _MORE_MONTHS,
    "{count} earlier months are in the workbook (.xlsx) and the findings bundle (.zip).": _MORE_MONTHS,
    "{count} further value was refused; the command for reading lists shows it.": _MORE_REFUSED,
    "{count} further values were refused; the command for reading lists shows them.": _MORE_REFUSED,
    "{count} further value was refused and is not listed.": _MORE_UNLISTED,
    "{count} further values were refused and are not listed.": _MORE_UNLISTED,
    "Details follow for the first machine; those of the others are in the workbook (.xlsx) and the findings bundle (.zip).": _DETAILS_FOLLOW.replace(
        "{count} máy đầu", "máy đầu tiên"
    ),
    "Details follow for the first {count} machines; those of the others are in the workbook (.xlsx) and the findings bundle (.zip).": _DETAILS_FOLLOW,
}

_VALUES: dict[str, str] = {
    "infected": "nhiễm",
    "blocked": "bị chặn",
    "reached from outside": "bị truy cập từ ngoài",
    "name looked up only": "chỉ phân giải tên",
    "machine not known": "chưa xác định máy",
    "high": "cao",
    "medium": "trung bình",
    "low": "thấp",
    "machine called out": "máy chủ động kết nối ra",
    "called from outside": "bên ngoài kết nối vào",
    "named in a DNS answer": "có trong trả lời DNS",
    "allowed": "cho qua",
    "blocked by the observer": "bị chặn",
    "exact": "khớp hoàn toàn",
    "subdomain": "tên miền con",
    "address in the network": "địa chỉ trong dải mạng",
    "host of the URL only": "chỉ khớp máy chủ của URL",
    "counted": "được tính",
    "on the exception list": "thuộc danh sách ngoại lệ",
    "outside the indicator's validity": "ngoài thời hạn hiệu lực của dấu hiệu",
    "the listed value needs review": "giá trị trong danh sách cần xem lại",
    "To review": "Cần xem lại",
    "Contacts with these listed values make no machine infected: ordinary machines make them too. Check the list; what is meant after all counts once it is accepted (--decisions).": (
        "Kết nối đến các giá trị này không làm máy nào bị coi là nhiễm, vì máy bình thường cũng kết nối đến. Hãy kiểm tra lại danh sách; giá trị đúng là độc hại sẽ được tính khi đã được chấp nhận (--decisions)."
    ),
    "{machines} of about {all} machines called it, more than a tenth.": "{machines} trong khoảng {all} máy đã kết nối đến, hơn một phần mười số máy.",
    "{count} listed value needs review: contacts with it make no machine infected.": _QUESTIONED,
    "{count} listed values need review: contacts with them make no machine infected.": _QUESTIONED,
    "{count} more value is in the report (-o report.html).": _MORE_QUESTIONED,
    "{count} more values are in the report (-o report.html).": _MORE_QUESTIONED,
    "{count} machine": "{count} máy",
    "{count} machines": "{count} máy",
    "See which values of the list are dangerous or doubtful, and inform its author:": "Xem giá trị nào trong danh sách nguy hiểm hoặc đáng ngờ và báo cho nơi lập danh sách:",
    "Decisions about the lists": "Quyết định về danh sách",
    "domain": "tên miền",
    "address": "địa chỉ IP",
    "network": "dải mạng",
    "URL": "URL",
    "SHA-256": "SHA-256",
    "JA3 fingerprint": "dấu vân tay JA3",
    "JA4 fingerprint": "dấu vân tay JA4",
    "e-mail address": "địa chỉ thư điện tử",
    "file name": "tên tệp",
    "SHA-1": "SHA-1",
    "MD5": "MD5",
    "DHCP lease": "theo DHCP",
    "VPN or network session": "theo phiên VPN hoặc phiên truy cập mạng",
    "seen at the address": "được ghi nhận tại địa chỉ này",
    "inventory": "theo danh mục thiết bị",
    "named in the log": "nhật ký nêu tên máy",
    "address only": "chỉ biết địa chỉ",
    "not known": "không rõ",
    "blind": "mù",
    "no time": "không ghi thời gian",
    "has logs": "có nhật ký",
    "some observers blind": "một số nguồn mù",
    "parsed": "đọc được",
    "unparsed": "chưa rõ định dạng",
    "line of unknown format": "dòng chưa rõ định dạng",
    "input": "đầu vào",
    "indicator": "dấu hiệu",
    "not counted: {why}": "không tính: {why}",
    "severity {severity}.": "mức độ {severity}.",
    "page or sheet {page}": "trang {page}",
    "row {row}": "dòng {row}",
    "{file}, line {line}": "{file}, dòng {line}",
}

_STEPS: dict[str, str] = {
    "Isolate: unplug the network cable and turn Wi-Fi off. Leave the machine switched on.": (
        "Cô lập máy: rút cáp mạng, tắt Wi-Fi. Không tắt nguồn máy."
    ),
    "Keep the evidence: do not delete files or reinstall; photograph what is on the screen and keep this report and the logs.": (
        "Giữ chứng cứ: không xóa tệp, không cài lại máy; chụp lại màn hình, lưu báo cáo này và nhật ký."
    ),
    "Scan the whole machine with the clean-up tool, and remove unlicensed or cracked software.": (
        "Rà quét toàn bộ máy bằng công cụ hỗ trợ xử lý mã độc; gỡ phần mềm bẻ khóa, không bản quyền."
    ),
    "Change the user's passwords from another, clean machine.": "Đổi mật khẩu của người dùng từ một máy khác còn sạch.",
    "Check again: reconnect, then hunt in the logs of the following days; the machine is clean when it stays quiet while its logs are there.": (
        "Kiểm tra lại: nối mạng, rồi truy tìm trong nhật ký các ngày sau đó; máy được coi là sạch khi không còn kết nối độc hại mà nhật ký vẫn đầy đủ."
    ),
    "The contact was stopped, yet something on the machine asked for it: scan the whole machine with the clean-up tool.": (
        "Kết nối đã bị chặn nhưng có chương trình trên máy đã gọi ra: hãy rà quét toàn bộ máy bằng công cụ hỗ trợ xử lý mã độc."
    ),
    "Keep the block in place, and hunt again in the logs of the following days.": (
        "Giữ nguyên việc chặn và truy tìm lại trong nhật ký các ngày sau đó."
    ),
    "The listed address called, the machine did not call out: check whether the service has to be open to the Internet, and block the address at the firewall.": (
        "Địa chỉ độc hại kết nối vào, máy không gọi ra: hãy kiểm tra dịch vụ này có cần mở ra Internet không và chặn địa chỉ đó trên tường lửa."
    ),
    "Look in the machine's own logs for sign-ins at these times.": "Xem nhật ký của chính máy này, tìm các lần đăng nhập vào những thời điểm nêu trên.",
    "The machine only got this address in an answer and no connection was seen: look for other contacts, and scan the machine when in doubt.": (
        "Máy chỉ nhận được địa chỉ này trong trả lời DNS, chưa thấy kết nối: hãy tìm các kết nối khác và rà quét máy nếu còn nghi ngờ."
    ),
    "This address belongs to a DNS server, proxy or NAT gateway that asks for others: do not isolate it.": (
        "Địa chỉ này thuộc máy chủ DNS, proxy hoặc cổng NAT kết nối thay cho máy khác: không cô lập thiết bị này."
    ),
    "Take the log that the machines behind it leave there (client queries of the DNS server, access log of the proxy, NAT log of the firewall) for the times below.": (
        "Lấy nhật ký mà các máy phía sau để lại trên thiết bị đó (truy vấn của máy trạm trên máy chủ DNS, nhật ký truy cập của proxy, nhật ký NAT của tường lửa) vào các thời điểm dưới đây."
    ),
    "Hunt again with that log and the DHCP leases added; the machine behind it is then named.": (
        "Truy tìm lại, thêm nhật ký đó và nhật ký cấp địa chỉ DHCP; khi đó sẽ biết máy phía sau."
    ),
}

_HEADINGS: dict[str, str] = {
    "Machines to handle": "Máy cần xử lý",
    "Summary": "Tóm tắt",
    "Machines": "Máy",
    "Machine": "Máy",
    "MAC address": "Địa chỉ MAC",
    "Malware": "Mã độc",
    "Listed addresses met": "Địa chỉ độc hại đã kết nối",
    "Malware, listed address": "Mã độc, địa chỉ độc hại",
    "Contacts on {count} day": "Có kết nối trong {count} ngày",
    "Contacts on {count} days": "Có kết nối trong {count} ngày",
    "On paper: the first 4 listed addresses and 3 lines of evidence; all are on the page, in the workbook (.xlsx) and in the findings bundle (.zip).": "Bản in có 4 dấu hiệu và 3 dòng chứng cứ đầu; đầy đủ trên trang này, trong bảng tính (.xlsx) và trong gói kết quả (.zip).",
    "Sightings": "Ghi nhận kết nối",
    "Evidence": "Chứng cứ",
    "Coverage": "Độ phủ nhật ký",
    "Not read": "Chưa đọc được",
    "State": "Tình trạng",
    "Severity": "Mức độ",
    "Name": "Tên máy",
    "IP address": "Địa chỉ IP",
    "User": "Người dùng",
    "Department": "Bộ phận",
    "User, department": "Người dùng, bộ phận",
    "Why": "Lý do",
    "Why not": "Lý do không tính",
    "Contacts": "Số lần",
    "First": "Lần đầu",
    "Last": "Lần cuối",
    "First – last": "Lần đầu – lần cuối",
    "First contact": "Kết nối đầu tiên",
    "Last contact": "Kết nối cuối cùng",
    "Addresses held": "Các địa chỉ đã dùng",
    "Key": "Mã thiết bị",
    "No.": "STT",
    "Sighting no.": "STT ghi nhận",
    "Indicator": "Dấu hiệu",
    "Kind": "Loại",
    "Threat": "Mối đe dọa",
    "Direction": "Chiều kết nối",
    "Match": "Cách khớp",
    "Counted": "Có tính không",
    "Line format": "Dạng dòng",
    "Allowed": "Cho qua",
    "Blocked": "Bị chặn",
    "Not stated": "Không nêu",
    "Time (UTC)": "Thời gian (UTC)",
    "File": "Tệp",
    "Line": "Dòng",
    "Text of the line": "Nội dung dòng",
    "Observer": "Nguồn ghi nhận",
    "Observer's action": "Xử lý của nguồn ghi nhận",
    "Format": "Định dạng",
    "Day": "Ngày",
    "{count} day a bar": "Mỗi cột {count} ngày",
    "{count} days a bar": "Mỗi cột {count} ngày",
    "Lines": "Số dòng",
    "Logs": "Nhật ký",
    "Parsed": "Đọc được",
    "Unparsed": "Chưa rõ định dạng",
    "Refused": "Bị từ chối",
    "Examined": "Đã xem xét",
    "What": "Đối tượng",
    "Where": "Ở đâu",
    "Page or sheet": "Trang",
    "Row or line": "Dòng",
    "Value": "Giá trị",
    "What happened": "Sự việc",
    "What to do": "Cần làm gì",
    "What to do now": "Việc cần làm ngay",
    "In the list": "Vị trí trong danh sách",
    "Days with logs": "Ngày có nhật ký",
    "Blind days": "Ngày mù",
    "By observer": "Theo nguồn ghi nhận",
    "Month {month}/{year}": "Tháng {month}/{year}",
    "Figures are millions of lines.": "Đơn vị: triệu dòng.",
    "Figures are thousands of lines.": "Đơn vị: nghìn dòng.",
    "Figures are lines.": "Đơn vị: dòng.",
}

_PAGE: dict[str, str] = {
    "Skip to the machines": "Đến danh sách máy",
    "Findings of the hunt of {time} ({zone})": "Kết quả truy tìm lúc {time} ({zone})",
    "This result is not whole": "Kết quả này chưa đầy đủ",
    "See which": "Xem chi tiết",
    "What was searched": "Phạm vi đã tìm",
    "Infected machines": "Máy nhiễm",
    "These machines called listed addresses themselves. Start at the top.": (
        "Các máy này tự kết nối đến địa chỉ độc hại trong danh sách. Hãy xử lý lần lượt từ trên xuống."
    ),
    "Machines not known yet": "Chưa xác định được máy",
    "A DNS server, proxy or gateway called for a machine behind it. Nobody is accused; the machine still has to be found.": (
        "Máy chủ DNS, proxy hoặc cổng NAT đã kết nối thay cho một máy phía sau. Chưa kết luận máy nào nhiễm; cần tìm ra máy đó."
    ),
    "Contacts that were blocked": "Kết nối đã bị chặn",
    "Every contact of these machines was stopped, but something on them attempted it.": (
        "Mọi kết nối độc hại của các máy này đều bị chặn, nhưng vẫn có chương trình trên máy đã gọi ra."
    ),
    "Reached from outside": "Bị truy cập từ ngoài",
    "A listed address called these machines. That alone does not make them infected.": (
        "Địa chỉ độc hại trong danh sách kết nối vào các máy này. Chỉ riêng việc đó chưa có nghĩa là máy nhiễm."
    ),
    "Names looked up only": "Chỉ phân giải tên",
    "These machines got a listed address in a DNS answer; no connection to it was seen.": (
        "Các máy này nhận địa chỉ độc hại trong trả lời DNS; chưa thấy kết nối đến địa chỉ đó."
    ),
    "No machine of this kind was found.": "Không có máy nào thuộc loại này.",
    "Contacts of {name} per day": "Số lần kết nối độc hại mỗi ngày của {name}",
    "Hatched: blind days. Over the whole height no observer has logs, below the axis some have none.": (
        "Gạch chéo: ngày mù. Kín chiều cao là mọi nguồn đều không có nhật ký; dưới trục là một số nguồn không có."
    ),
    "The same figures as a table": "Xem số liệu dạng bảng",
    "Listed addresses that it met": "Dấu hiệu đã khớp",
    "Listed addresses that were met": "Dấu hiệu đã gặp trong nhật ký",
    "Evidence: lines of the logs": "Chứng cứ: các dòng nhật ký",
    "Matches that do not count": "Trường hợp khớp nhưng không tính",
    "They matched the list, but an exception or the indicator's validity takes them out. They are shown so that nothing disappears.": (
        "Các trường hợp này khớp với danh sách nhưng thuộc ngoại lệ hoặc ngoài thời hạn hiệu lực. Vẫn nêu ở đây để không bỏ sót."
    ),
    "Coverage: where there were logs": "Độ phủ nhật ký",
    "A day without logs is blind: nothing found on it does not mean that nothing happened.": (
        "Ngày không có nhật ký là ngày mù: không thấy gì không có nghĩa là không xảy ra gì."
    ),
    "No log line states a day.": "Không dòng nhật ký nào ghi ngày.",
    "Unparsed lines were searched too, word by word. Refused lines are records that were examined and could not be read.": (
        "Dòng chưa rõ định dạng vẫn được tìm theo từng từ. Dòng bị từ chối là bản ghi đã xem xét nhưng không đọc được."
    ),
    "What was not read": "Phần chưa đọc được",
    "Every input was read to its end.": "Mọi đầu vào đều được đọc đến hết.",
    "Values of the list that were refused": "Giá trị trong danh sách bị từ chối",
    "Written by Lamsach {version}. This page loads nothing and runs no script; it can be read from a USB stick. It names people and machines: pass it on only to those who handle them.": (
        "Do Lamsach {version} lập. Trang này không tải gì từ mạng, không chạy mã lệnh, đọc được từ USB. Trang có tên người và tên máy: chỉ chuyển cho người có trách nhiệm xử lý."
    ),
}

RESULTS: dict[str, str] = {
    **_SEARCHED, **_FIGURES, **_VALUES, **_STEPS, **_HEADINGS, **_PAGE,
}  # fmt: skip
