"""Vietnamese texts of the outputs of lists, their review, versions and signatures."""

BLOCKING: dict[str, str] = {
    # what of a value a format holds
    "The name is held, the names below it are not.": "Chỉ giữ được chính tên miền này, không gồm các tên miền con.",
    "Host and path are held, the scheme is not.": "Giữ được máy chủ và đường dẫn, không giữ được giao thức.",
    "The format cannot hold values of this kind.": "Định dạng này không chứa được loại giá trị này.",
    "The value is not in canonical form.": "Giá trị không ở dạng chuẩn.",
    "Another value of the list covers this one already.": "Một giá trị khác trong danh sách đã bao gồm giá trị này.",
    "The value is too long for the format.": "Giá trị quá dài đối với định dạng này.",
    "  more than a small device takes: {entries} entries, it takes {most} of one list. Look up what yours takes; an outlet of the portal cuts the list into parts.": "  nhiều hơn mức thiết bị nhỏ nhận được: {entries} mục, thiết bị nhận {most} mục mỗi danh sách. Hãy tra mức của thiết bị đang dùng; địa chỉ cấp danh sách của cổng chia danh sách thành từng phần.",
    "The name is too long for the format.": "Tên miền quá dài đối với định dạng này.",
    "The format holds addresses of the other version of IP.": "Định dạng này dành cho phiên bản IP khác.",
    "The syntax has no safe way to write this value.": "Cú pháp không có cách an toàn để ghi giá trị này.",
    # why a value does not go out
    "The validity of the value is over.": "Giá trị đã hết hiệu lực.",
    "The validity of the value has not begun.": "Giá trị chưa đến thời điểm có hiệu lực.",
    "The value's TLP is higher than what may be given to the receiver.": "Mức TLP của giá trị cao hơn mức được phép gửi cho bên nhận.",
    "A decision of the review excepts this value.": "Giá trị được loại trừ theo quyết định khi rà soát.",
    "A decision of the review put narrower values in its place.": "Giá trị đã được thay bằng giá trị hẹp hơn theo quyết định khi rà soát.",
    # what is the matter with a value
    "This is, or holds, an address or a name of the own network.": "Đây là, hoặc bao gồm, địa chỉ hay tên miền của chính đơn vị.",
    "This is, or holds, a name of a state body.": "Đây là, hoặc bao gồm, tên miền của cơ quan nhà nước.",
    "This is, or holds, a name of a bank or payment service.": "Đây là, hoặc bao gồm, tên miền của ngân hàng hoặc dịch vụ thanh toán.",
    "This is, or holds, a public name server: many machines ask it for good reasons.": (
        "Đây là, hoặc bao gồm, máy chủ phân giải tên miền công cộng: nhiều máy truy vấn hợp lệ đến đó."
    ),
    "This is, or holds, one of the most visited sites.": "Đây là, hoặc bao gồm, một trong những trang được truy cập nhiều nhất.",
    "Everybody's names are under this one.": "Đây là đuôi tên miền dùng chung của mọi người.",
    "The addresses are private or reserved, or the name is internal: they name other machines in every network.": (
        "Địa chỉ nội bộ hoặc dành riêng, hoặc tên nội bộ: ở mỗi mạng là một máy khác nhau."
    ),
    "This is, or holds, a name or server of a registry of the Internet, such as VNNIC or a root server.": (
        "Đây là, hoặc bao gồm, tên miền hay máy chủ của cơ quan quản lý tài nguyên Internet, như VNNIC hoặc máy chủ gốc."
    ),
    "This is, or holds, a host that systems and antivirus programs fetch their updates from.": (
        "Đây là, hoặc bao gồm, máy chủ cập nhật của hệ điều hành hoặc phần mềm diệt vi-rút."
    ),
    "This is, or holds, a host that programs ask whether a certificate is still valid (OCSP, CRL).": (
        "Đây là, hoặc bao gồm, máy chủ kiểm tra hiệu lực chứng thư số (OCSP, CRL)."
    ),
    "This is, or holds, a time server: machines set their clocks by it.": "Đây là, hoặc bao gồm, máy chủ thời gian: các máy lấy giờ từ đó.",
    "The network is very large.": "Dải mạng rất lớn.",
    "The addresses belong to a content network: thousands of sites share them.": (
        "Địa chỉ thuộc mạng phân phối nội dung (CDN): hàng nghìn trang dùng chung."
    ),
    "The addresses belong to a cloud: their user changes often.": "Địa chỉ thuộc dịch vụ đám mây: người dùng thay đổi thường xuyên.",
    "The service is shared by many: narrow it to the address of what is meant.": (
        "Dịch vụ nhiều người dùng chung: hãy thu hẹp về đúng địa chỉ cần chặn."
    ),
    "The name belongs to a service of changing names: narrow it to the name that is meant.": (
        "Tên miền của dịch vụ DNS động: hãy thu hẹp về đúng tên miền cần chặn."
    ),
    "The name belongs to one user of a service that many share, and may pass to another: give it an end.": (
        "Tên miền của một người dùng trên dịch vụ dùng chung, có thể chuyển cho người khác: hãy đặt thời hạn."
    ),
    "Defenders run this address to count infected machines: a contact is a hit, but blocking it blinds them.": (
        "Địa chỉ do bên phòng thủ vận hành để đếm máy nhiễm: kết nối đến đó là dấu hiệu nhiễm, nhưng chặn thì không còn đếm được."
    ),
    "The service shortens links for everybody: narrow it to the link that is meant.": (
        "Dịch vụ rút gọn liên kết dùng chung: hãy thu hẹp về đúng liên kết cần chặn."
    ),
    "The file is a known harmless one.": "Tệp đã biết là vô hại.",
    "The name is written with letters that look like another name: make sure which one is meant.": (
        "Tên miền viết bằng chữ cái trông giống một tên khác: hãy kiểm tra đúng tên cần chặn."
    ),
    "Rows of the lists disagree about this value.": "Các dòng trong danh sách mâu thuẫn nhau về giá trị này.",
    # decisions
    "The file of decisions is too large.": "Tệp quyết định quá lớn.",
    "The file of decisions cannot be read.": "Không đọc được tệp quyết định.",
    "The file of decisions is not in UTF-8.": "Tệp quyết định không ở dạng UTF-8.",
    "Save it as CSV in UTF-8.": "Hãy lưu dạng CSV UTF-8.",
    "The file of decisions lacks its columns.": "Tệp quyết định thiếu cột.",
    "Give it the columns value, decision, to, until, reason.": "Hãy đặt các cột value, decision, to, until, reason.",
    "The file of decisions is not CSV.": "Tệp quyết định không phải dạng CSV.",
    "The decision is not known.": "Không rõ quyết định này.",
    "Write accept, narrow or exception.": "Hãy ghi accept, narrow hoặc exception.",
    "The decision states no reason.": "Quyết định không nêu lý do.",
    "Write the reason for the decision.": "Hãy ghi lý do.",
    "The exception states no end.": "Ngoại lệ không nêu thời hạn.",
    "Write the last day in the column until, such as 2026-12-31.": "Hãy ghi ngày cuối cùng ở cột until, ví dụ 2026-12-31.",
    "The decision is about no value.": "Quyết định không nêu giá trị nào.",
    "Write an address, a name, a URL or a hash.": "Hãy ghi địa chỉ IP, tên miền, URL hoặc mã băm.",
    "The decision to narrow states no narrower value.": "Quyết định thu hẹp không nêu giá trị hẹp hơn.",
    "Write it in the column to.": "Hãy ghi giá trị đó ở cột to.",
    "What is to be narrowed does not hold the narrower value.": "Giá trị cần thu hẹp không bao gồm giá trị hẹp hơn.",
    "The day in the column until cannot be read.": "Không đọc được ngày ở cột until.",
    "Write it as 2026-12-31.": "Hãy ghi dạng 2026-12-31.",
    "This is neither an address, a network nor a name.": "Đây không phải địa chỉ IP, dải mạng hay tên miền.",
    "Write one value for each --own.": "Mỗi --own ghi một giá trị.",
    # keys and releases
    "The key was not written: a file is there already.": "Không ghi được khóa: đã có tệp cùng tên.",
    "Choose another name.": "Hãy chọn tên khác.",
    "The key could not be written.": "Không ghi được khóa.",
    "The key cannot be read.": "Không đọc được khóa.",
    "The private key and the password do not go together.": "Khóa bí mật và mật khẩu không khớp.",
    "Give the password of this key in LAMSACH_KEY_PASSWORD.": "Hãy đặt mật khẩu của khóa này trong LAMSACH_KEY_PASSWORD.",
    "This is no private key, or its password is another.": "Đây không phải khóa bí mật, hoặc mật khẩu khác.",
    "Give an Ed25519 key in PEM.": "Hãy dùng khóa Ed25519 dạng PEM.",
    "The key is not of the kind Ed25519.": "Khóa không thuộc loại Ed25519.",
    "Make one with --new-key.": "Hãy tạo khóa bằng --new-key.",
    "This is a private key, which only the signer may have.": "Đây là khóa bí mật, chỉ người ký được giữ.",
    "Give the public key (.pub).": "Hãy dùng khóa công khai (.pub).",
    "This is no public key.": "Đây không phải khóa công khai.",
    "The release cannot be read.": "Không đọc được bản phát hành.",
    "This is no release of a list, or it is damaged.": "Đây không phải bản phát hành danh sách, hoặc đã hỏng.",
    "Fetch it again.": "Hãy tải lại.",
    "The values were changed after the release was signed.": "Các giá trị đã bị sửa sau khi ký.",
    "Do not use it; fetch it again.": "Không sử dụng; hãy tải lại.",
    "The values do not fit what the release says of them.": "Các giá trị không khớp với thông tin trong bản phát hành.",
    "Ask its author for another.": "Hãy yêu cầu bên phát hành gửi lại.",
    "The release is larger than any list.": "Bản phát hành lớn bất thường.",
    "The signature of the release is damaged.": "Chữ ký của bản phát hành đã hỏng.",
    "The release was changed after it was signed.": "Bản phát hành đã bị sửa sau khi ký.",
    "The release was not signed by any of the keys given.": "Bản phát hành không được ký bằng khóa nào trong các khóa đã cho.",
    "Give the public key of its author, whose fingerprint you have checked.": (
        "Hãy dùng khóa công khai của bên phát hành, đã kiểm tra mã nhận dạng khóa."
    ),
    "The release is of a kind that this version does not know.": "Phiên bản chương trình này chưa hỗ trợ loại bản phát hành này.",
    "Update the program.": "Hãy cập nhật chương trình.",
    "The manifest of the release is damaged.": "Thông tin mô tả của bản phát hành đã hỏng.",
    "A value of the release cannot be read.": "Không đọc được một giá trị trong bản phát hành.",
    # the commands
    "Read lists of indicators, review them, look values up in them, write them for other programs.": (
        "Đọc, rà soát, tra cứu danh sách dấu hiệu và xuất cho các chương trình khác."
    ),
    "Lists: files, folders, releases.": "Danh sách: tệp, thư mục, bản phát hành.",
    "An own network, address or name, or a file of them; may be repeated.": (
        "Dải mạng, địa chỉ hoặc tên miền của đơn vị, hoặc tệp liệt kê chúng; có thể lặp lại."
    ),
    "The file of own values cannot be read.": "Không đọc được tệp liệt kê mạng và tên miền của đơn vị.",
    "Save it as text in UTF-8.": "Hãy lưu dạng văn bản UTF-8.",
    "The value's confidence is lower than what was asked for.": "Độ tin cậy của giá trị thấp hơn mức yêu cầu.",
    "Leave out values that state a lower confidence.": "Bỏ các giá trị có độ tin cậy thấp hơn.",
    "Values that state no end are valid for so many days.": "Giá trị không nêu thời hạn có hiệu lực trong số ngày này.",
    "What the review decided: a CSV file.": "Các quyết định khi rà soát: tệp CSV.",
    "The time at which it is done, such as 2026-03-01T07:00:00Z. Default: now.": (
        "Thời điểm thực hiện, ví dụ 2026-03-01T07:00:00Z. Mặc định: hiện tại."
    ),
    "Go on although a list could not be read to its end.": "Vẫn tiếp tục dù có danh sách không đọc được đến hết.",
    "The time cannot be read.": "Không đọc được thời điểm.",
    "Write it as 2026-03-01T07:00:00Z.": "Hãy ghi dạng 2026-03-01T07:00:00Z.",
    "A list could not be read to its end, so nothing was done.": "Có danh sách không đọc được đến hết nên không thực hiện gì.",
    "Mend or leave out the list, or add --partial.": "Hãy sửa hoặc bỏ danh sách đó, hoặc thêm --partial.",
    "  and {count} more.": "  và {count} giá trị khác.",
    "What to write; may be repeated with -d.": "Định dạng cần xuất; có thể lặp lại khi dùng -d.",
    "Write to this file.": "Ghi vào tệp này.",
    "Write each into this folder, under names of our own.": "Ghi từng định dạng vào thư mục này, tên tệp do chương trình đặt.",
    "Show what can be written, and end.": "Liệt kê các định dạng xuất được rồi kết thúc.",
    "The highest TLP that the receiver may have: clear, green, amber, amber+strict, red.": (
        "Mức TLP cao nhất bên nhận được phép nhận: clear, green, amber, amber+strict, red."
    ),
    "The TLP of values that state none. Default: amber.": "Mức TLP của giá trị không nêu. Mặc định: amber.",
    "Write lists as blocklists and rules for other programs; what a format cannot hold is counted.": (
        "Xuất danh sách thành danh sách chặn và quy tắc cho các chương trình khác; phần định dạng không chứa được sẽ được đếm và báo rõ."
    ),
    "Write why these values are to be blocked despite the danger.": "Hãy ghi lý do vẫn chặn các giá trị này.",
    "FILES... is missing.": "Thiếu FILES...",
    "See: lamsach indicators export --help": "Xem: lamsach indicators export --help",
    "--to is missing.": "Thiếu --to.",
    "See: lamsach indicators export --formats": "Xem: lamsach indicators export --formats",
    "There is no such format to write.": "Không có định dạng xuất này.",
    "-o and -d exclude each other.": "-o và -d không dùng cùng nhau.",
    "{count} entries were refused while reading; lamsach indicators read names them.": (
        "{count} mục bị từ chối khi đọc; lệnh lamsach indicators read nêu từng mục."
    ),
    "Give one of them.": "Hãy chỉ dùng một trong số đó.",
    "Several formats need a folder.": "Xuất nhiều định dạng cần một thư mục.",
    "Give it with -d.": "Hãy chỉ định bằng -d.",
    "This format is an archive and needs a file.": "Định dạng này là tệp nén, cần ghi ra tệp.",
    "Give it with -o.": "Hãy chỉ định bằng -o.",
    "This is no level of TLP.": "Đây không phải mức TLP.",
    "Write clear, green, amber, amber+strict or red.": "Hãy ghi clear, green, amber, amber+strict hoặc red.",
    "No value of the lists can be written in this format; nothing was written.": (
        "Không có giá trị nào ghi được ở định dạng này; không ghi gì."
    ),
    "See what was left out above.": "Xem phần bị bỏ ở trên.",
    "{name}: {count} written.": "{name}: đã ghi {count} giá trị.",
    "  left out: {count} of kind {kind}. {reason}": "  bỏ: {count} giá trị loại {kind}. {reason}",
    "  in part: {count} of kind {kind}. {reason}": "  một phần: {count} giá trị loại {kind}. {reason}",
    "Left out by decisions ({count}):": "Bỏ theo quyết định ({count}):",
    "Left out ({count}):": "Đã bỏ ({count}):",
    "Dangerous to block, left out until a decision is made ({count}):": "Chặn sẽ gây hại nên đã bỏ, chờ người quyết định ({count}):",
    "Look at them with lamsach indicators review, and give --decisions, or --include with --reason.": (
        "Hãy xem lại bằng lệnh lamsach indicators review, rồi dùng --decisions, hoặc --include kèm --reason."
    ),
    "Dangerous to block, yet written: {value} ({reason})": "Chặn có thể gây hại nhưng vẫn ghi: {value} ({reason})",
    "Every value that could be written is dangerous to block; nothing was written.": (
        "Mọi giá trị ghi được đều nguy hiểm nếu chặn; không ghi gì."
    ),
    "Write this value although it is dangerous to block; needs --reason; may be repeated.": (
        "Ghi giá trị này dù chặn có thể gây hại; cần có --reason; có thể lặp lại."
    ),
    "Why what is included is to be blocked; the output states it.": "Lý do vẫn chặn các giá trị ở --include; được ghi trong kết quả.",
    "--reason says why values are included.": "--reason nêu lý do ghi các giá trị ở --include.",
    "Give them with --include.": "Hãy nêu giá trị bằng --include.",
    "What is dangerous to block is left out until it is decided about, and the exit status is 7.": (
        "Giá trị nguy hiểm nếu chặn được bỏ lại cho đến khi có quyết định, và mã kết thúc là 7."
    ),
    "Dangerous values are accepted one at a time.": "Giá trị nguy hiểm chỉ được chấp nhận từng giá trị một.",
    "Tick this one alone, and write why it is to be blocked despite the danger.": "Hãy chỉ chọn giá trị này và ghi lý do vẫn chặn.",
    "The list as it was: what it lacks is new; may be repeated.": "Danh sách trước đây: giá trị chưa có ở đó là mới; có thể lặp lại.",
    "Show also what is neither a concern nor new.": "Hiện cả giá trị không có gì cần xem xét và không mới.",
    "Show what each list is worth: unique and shared values, age.": (
        "Hiện chất lượng từng danh sách: số giá trị riêng, số giá trị trùng, tuổi."
    ),
    "Write a CSV file to fill in as decisions.": "Ghi tệp CSV để điền quyết định.",
    "Show what in lists is dangerous, doubtful, notable or new, the worst first, each with its reason, as one JSON object a line.": (
        "Hiện giá trị nguy hiểm, đáng ngờ, đáng chú ý hoặc mới trong danh sách, đáng lo nhất trước, kèm lý do, mỗi dòng một đối tượng JSON."
    ),
    "{dangerous} dangerous, {doubtful} doubtful, {notable} notable, {new} new, {known} others; {decided} already decided.": (
        "{dangerous} nguy hiểm, {doubtful} đáng ngờ, {notable} đáng chú ý, {new} mới, {known} khác; {decided} đã có quyết định."
    ),
    "The list as it was.": "Danh sách trước.",
    "The list as it is.": "Danh sách hiện nay.",
    "Show what was added to a list, what was removed and what changed, as one JSON object a line.": (
        "Hiện giá trị được thêm, bị bỏ và thay đổi trong danh sách, mỗi dòng một đối tượng JSON."
    ),
    "{added} added, {removed} removed, {changed} changed, {same} the same.": "{added} thêm, {removed} bỏ, {changed} thay đổi, {same} giữ nguyên.",
    "The private key (Ed25519, PEM).": "Khóa bí mật (Ed25519, PEM).",
    "Make a key, with its public half next to it, and end.": "Tạo khóa bí mật và khóa công khai bên cạnh rồi kết thúc.",
    "The name of the list.": "Tên danh sách.",
    "The number of this version.": "Số phiên bản.",
    "A note on this version.": "Ghi chú cho phiên bản này.",
    "The previous release, whose digest and number are continued.": "Bản phát hành trước, dùng để nối mã tóm tắt và số phiên bản.",
    "Make a signed release of lists, a .zip that is itself a list; only what is not dangerous to block, or was accepted, and is still valid goes into it.": (
        "Tạo bản phát hành danh sách có chữ ký, là tệp .zip dùng được như một danh sách; chỉ gồm giá trị chặn không gây hại, hoặc đã được chấp nhận, và còn hiệu lực."
    ),
    "FILES..., --key and -o are needed.": "Cần có FILES..., --key và -o.",
    "See: lamsach indicators sign --help": "Xem: lamsach indicators sign --help",
    "No value of the lists may go into a release; nothing was written.": (
        "Không có giá trị nào được đưa vào bản phát hành; không ghi gì."
    ),
    "Version {number}: {count} values, digest {digest}.": "Phiên bản {number}: {count} giá trị, mã tóm tắt {digest}.",
    "Releases.": "Các bản phát hành.",
    "A public key that may have signed; may be repeated.": "Khóa công khai có thể đã ký; có thể lặp lại.",
    "Check that releases were signed by a known key and not changed since, and show what they say of themselves.": (
        "Kiểm tra bản phát hành được ký bằng khóa đã biết và chưa bị sửa, rồi hiện thông tin của bản phát hành."
    ),
}
