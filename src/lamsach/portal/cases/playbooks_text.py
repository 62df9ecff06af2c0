"""The product's own playbooks, version 0: for each kind of threat the steps for an officer who is no security expert, in Vietnamese and English.

Each step: key, what in Vietnamese and English, how in Vietnamese and English. A step that most kinds share is written once; a kind may say its own words.
"""

from __future__ import annotations

from collections.abc import Mapping

from lamsach.portal.cases.models import ThreatKind

Step = tuple[str, str, str, str, str]
"""Key; what in Vietnamese and English; how in Vietnamese and English."""

_SHARED: tuple[Step, ...] = (
    (
        "isolate",
        "Cô lập máy khỏi mạng",
        "Isolate the machine from the network",
        "Rút dây mạng và tắt Wi-Fi. Không tắt máy, không cài lại Windows. Báo người dùng tạm dùng máy khác.",
        "Pull the network cable and switch Wi-Fi off. Do not switch the machine off and do not install Windows anew. Give the user another machine for now.",
    ),
    (
        "evidence",
        "Lưu bằng chứng",
        "Save the evidence",
        "Ghi lại tên máy, người dùng, thời điểm cô lập. Chụp ảnh màn hình nếu có thông báo lạ. Chạy công cụ quét ở chế độ chỉ xem và lưu tệp kết quả vào hồ sơ này.",
        "Write down the machine, the user and the time of isolation. Take a photo of strange messages. Run the scanner in look-only mode and keep its result file here.",
    ),
    (
        "scan",
        "Quét toàn bộ máy",
        "Scan the whole machine",
        "Chép công cụ quét của chiến dịch hoặc một công cụ trong danh mục sang máy bằng USB chỉ đọc. Cập nhật dữ liệu nhận dạng trước khi quét. Quét toàn bộ ổ đĩa, không quét nhanh.",
        "Bring the campaign's scanner or a tool of the catalogue to the machine on a read-only USB stick. Update its signatures first. Scan all drives, not only the quick scan.",
    ),
    (
        "remove",
        "Loại bỏ những gì tìm thấy",
        "Remove what was found",
        "Đưa tệp vào khu cách ly, không xóa ngay: nếu nhầm còn khôi phục được. Xóa mục tự khởi động và tác vụ định kỳ của tệp đó. Khởi động lại rồi quét lần nữa.",
        "Move the files to quarantine and do not delete them yet: a mistake can be undone. Remove their autostart entries and scheduled tasks. Restart and scan again.",
    ),
    (
        "passwords",
        "Đổi mật khẩu từ máy khác",
        "Change the passwords from another machine",
        "Từ một máy sạch, đổi mật khẩu của mọi tài khoản từng dùng trên máy này: thư điện tử, tài khoản miền, phần mềm nghiệp vụ, ngân hàng. Bật xác thực hai bước nếu có.",
        "From a clean machine change the passwords of all accounts that were used here: e-mail, domain account, line-of-business software, bank. Switch on two-step log-in where there is one.",
    ),
    (
        "patch",
        "Cập nhật bản vá",
        "Install the updates",
        "Cập nhật Windows, trình duyệt, Office và phần mềm diệt mã độc. Gỡ phần mềm không rõ nguồn gốc hoặc không bản quyền. Hệ điều hành hết hỗ trợ: lập kế hoạch thay thế.",
        "Update Windows, browser, Office and antivirus. Uninstall software that is unlicensed or of unknown origin. A system without support: plan its replacement.",
    ),
    (
        "recheck",
        "Nối mạng lại và theo dõi",
        "Reconnect and watch",
        "Nối lại mạng, dùng máy bình thường và khai báo đã làm sạch. Mỗi ngày nộp đủ nhật ký: máy chỉ được xác minh sạch khi yên lặng đủ số ngày có nhật ký.",
        "Reconnect, use the machine as usual and state that it is cleaned. Hand in the logs of every day: only enough quiet days with logs verify the machine.",
    ),
)
_STEALER_PASSWORDS: Step = (
    "passwords",
    "Đổi mật khẩu ngay, trước khi làm sạch",
    "Change the passwords at once, before cleaning",
    "Coi mọi mật khẩu lưu trên máy là đã lộ. Từ máy sạch: đổi mật khẩu, đăng xuất khỏi mọi thiết bị, thu hồi phiên và khóa truy cập, bật xác thực hai bước. Báo ngân hàng nếu có giao dịch trên máy này.",
    "Take every password that is kept on the machine for lost. From a clean machine: change them, log out everywhere, revoke sessions and access keys, switch on two-step log-in. Tell the bank if the machine was used for banking.",
)
_STEALER_ACCOUNTS: Step = (
    "accounts",
    "Kiểm tra tài khoản có bị dùng trộm không",
    "Look whether accounts were misused",
    "Xem lịch sử đăng nhập, quy tắc chuyển tiếp thư và thiết bị lạ của thư điện tử và tài khoản miền. Có dấu hiệu: báo đơn vị cấp trên và ghi vào hồ sơ.",
    "Look at log-in history, forwarding rules and unknown devices of e-mail and domain accounts. If there are signs: tell the unit above and note it here.",
)
_RANSOM_ISOLATE: Step = (
    "isolate",
    "Cô lập máy ngay lập tức",
    "Isolate the machine at once",
    "Đây có thể là bước dọn đường cho mã độc mã hóa dữ liệu. Rút mạng ngay, kể cả ngoài giờ. Tìm máy khác đã kết nối tới cùng địa chỉ và cô lập luôn.",
    "This may prepare an attack with ransomware. Pull the cable now, outside office hours too. Look for other machines that reached the same address and isolate them as well.",
)
_RANSOM_TELL: Step = (
    "tell",
    "Báo cấp trên và đơn vị ứng cứu sự cố",
    "Tell the unit above and the incident responders",
    "Gọi điện cho đơn vị cấp trên và đầu mối ứng cứu sự cố. Không tự trả lời hay thương lượng với kẻ tấn công.",
    "Call the unit above and the incident responders. Do not answer or negotiate with the attacker.",
)
_RANSOM_BACKUP: Step = (
    "backup",
    "Bảo vệ và thử bản sao lưu",
    "Protect and try the backups",
    "Ngắt kho sao lưu khỏi mạng. Thử khôi phục vài tệp sang một máy sạch. Kiểm tra máy chủ tệp và máy chủ miền có tài khoản, dịch vụ, tác vụ lạ không.",
    "Take the backup store off the network. Try to restore some files to a clean machine. Look at file servers and domain controllers for unknown accounts, services and tasks.",
)
_RANSOM_REMOVE: Step = (
    "remove",
    "Cài lại máy từ nguồn sạch",
    "Set the machine up anew from a clean source",
    "Sau khi đã lưu bằng chứng và được đồng ý, cài lại hệ điều hành từ bộ cài gốc. Không giữ lại chương trình cũ. Chỉ chép lại tài liệu đã quét.",
    "After the evidence is saved and you have permission, install the system anew from the original media. Keep no old programs. Copy back only documents that were scanned.",
)
_MINER_REMOVE: Step = (
    "remove",
    "Dừng và loại bỏ chương trình đào tiền",
    "Stop and remove the miner",
    "Tìm tiến trình chiếm CPU hoặc GPU cao khi máy rảnh. Dừng nó, đưa tệp vào khu cách ly, xóa tác vụ định kỳ và dịch vụ khởi động lại nó. Kiểm tra cả máy chủ cùng mạng.",
    "Look for a process that loads CPU or GPU while the machine is idle. Stop it, quarantine its file, remove the task or service that starts it again. Look at the servers of the same network too.",
)
_MINER_WAY: Step = (
    "way",
    "Tìm đường nó vào",
    "Find how it came in",
    "Mã độc đào tiền thường vào qua dịch vụ mở ra internet, mật khẩu yếu hoặc phần mềm bẻ khóa. Đóng cổng không cần, đổi mật khẩu quản trị, ghi lại nguyên nhân.",
    "Miners mostly come through services that are open to the internet, weak passwords or cracked software. Close what need not be open, change administrators' passwords, note the cause.",
)
_LOADER_SOFTWARE: Step = (
    "software",
    "Gỡ phần mềm bẻ khóa",
    "Uninstall the cracked software",
    "Hỏi người dùng đã cài phần mềm bẻ khóa, công cụ kích hoạt hay bản cập nhật giả nào; không quy trách nhiệm. Gỡ phần mềm đó và tệp cài đặt của nó, kể cả trên USB và ổ mạng.",
    "Ask the user which cracked software, activator or false update was installed, without blame. Uninstall it and delete its installer, on USB sticks and network drives too.",
)
_LOADER_LEGAL: Step = (
    "replace",
    "Thay bằng phần mềm có bản quyền hoặc miễn phí",
    "Replace it by licensed or free software",
    "Cài phần mềm thay thế do đơn vị cấp. Nếu chưa có, đề nghị mua hoặc dùng phần mềm nguồn mở, để người dùng không tìm lại bản bẻ khóa.",
    "Install the replacement that the unit provides. If there is none, ask to buy it or use open-source software, so that nobody looks for the crack again.",
)
_BOTNET_NETWORK: Step = (
    "network",
    "Chặn địa chỉ điều khiển và tìm máy khác",
    "Block the controlling address and look for others",
    "Chặn địa chỉ trong danh sách trên tường lửa và máy chủ DNS. Tìm máy khác trong đơn vị kết nối tới cùng địa chỉ: mạng máy tính ma thường lây sang máy lân cận.",
    "Block the listed address on the firewall and the DNS server. Look for other machines of the unit that reached it: a botnet mostly spreads to its neighbours.",
)
_UNKNOWN_ASK: Step = (
    "ask",
    "Xác định đó là gì",
    "Find out what it is",
    "Xem chương trình nào trên máy kết nối tới địa chỉ này và vào lúc nào. Nếu không rõ, gửi câu hỏi cho đầu mối hỗ trợ kèm tệp kết quả quét. Nếu chắc chắn vô hại, đề nghị ngoại lệ.",
    "Look which program on the machine reached the address, and when. If it stays unclear, ask the support contact and attach the scan's result. If it is harmless for sure, ask for an exception.",
)


def _made(order: str, *own: Step) -> tuple[Step, ...]:
    steps = {step[0]: step for step in (*_SHARED, *own)}
    return tuple(steps[key] for key in order.split())


BUILT_IN: Mapping[ThreatKind, tuple[Step, ...]] = {
    ThreatKind.BOTNET: _made("isolate evidence network scan remove passwords patch recheck", _BOTNET_NETWORK),
    ThreatKind.STEALER: _made(
        "isolate passwords accounts evidence scan remove patch recheck", _STEALER_PASSWORDS, _STEALER_ACCOUNTS
    ),
    ThreatKind.MINER: _made(
        "isolate evidence scan remove way passwords patch recheck", _MINER_REMOVE, _MINER_WAY
    ),
    ThreatKind.RANSOM: _made(
        "isolate tell backup evidence scan remove passwords patch recheck",
        _RANSOM_ISOLATE,
        _RANSOM_TELL,
        _RANSOM_BACKUP,
        _RANSOM_REMOVE,
    ),
    ThreatKind.LOADER: _made(
        "isolate evidence software scan remove passwords replace patch recheck",
        _LOADER_SOFTWARE,
        _LOADER_LEGAL,
    ),
    ThreatKind.UNKNOWN: _made("ask isolate evidence scan remove passwords patch recheck", _UNKNOWN_ASK),
}
