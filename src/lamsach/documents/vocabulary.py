"""Readers' names of columns, without accents and case: a section each, of rows `name: words`.

Those of indicator lists are in Vietnamese and English; in Chinese, Japanese, Korean, Russian and French, as
written by vendors and national teams of those countries; and whole phrases of Vietnamese dispatches.
"""

from __future__ import annotations

import re

from lamsach.documents.headings import (
    Section,
    Spelling,
    Within,
    plain_key,
    plain_words,
    section,
    whole,
    words,
)

_INVENTORY = section(
    {
        "ip": "ip|ipv4|ipv6|dia chi|dia chi mang|address|network address|ip tinh|ip lan|dc ip",
        "mac": "mac|dia chi vat ly|physical address|hardware address|ethernet|hwaddr|hw address",
        "name": "name|ten|may|may tinh|thiet bi|device|computer|host|machine|hostname|fqdn|netbios",
        "user": "user|username|login|owner|ho ten|ho va ten|can bo|nhan vien|cbccvc|chu so huu|account",
        "department": "don vi|phong|phong ban|bo phan|khoa|ban|co quan|department|dept|unit|division|office",
        "kind": "loai|loai may|loai thiet bi|chung loai|kind|type|device type|category",
        "note": """
            ghi chu|note|notes|mo ta|description|chuc nang|vai tro|muc dich|nhiem vu|role|function|purpose
            |muc dich su dung|dich vu|service|services|comment|remarks""",
        "ignored": "stt|tt|so tt|so thu tu|no|id|email|os",
    }
)
_PHRASES = section(
    {
        "mac": "dia chi mac|mac address",
        "ip": "dia chi ip|ip address",
        "ignored": "he dieu hanh|so dien thoai",
        "user": "nguoi su dung|nguoi dung|nguoi quan ly|nguoi phu trach|ho va ten|ho ten|tai "
        "khoan|user name|assigned to|full name|can bo",
        "name": "ten may|ten thiet bi|host name|hostname|computer name|device name|machine name|pc name",
        "department": "phong ban|don vi|bo phan|department",
    }
) | section({"mac": "vat ly"})
_ALONE = {"mac": "mac", "ip": "ip", "ipv4": "ip", "ipv6": "ip", "user": "user"}
INVENTORY = Section(
    _INVENTORY,
    [
        Within(name, re.compile(rf"(?<!\S){phrase}(?!\S)"))
        for phrase, name in [*_PHRASES.items(), *_ALONE.items()]
    ],
    key=plain_words,
    longest=48,
)
"""A unit's list of its machines. Within longer headings: phrases first, then single words."""
UNITS = Section(
    section(
        {
            "code": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|ma dinh danh don vi|ma dinh danh dien "
            "tu|ma dinh danh co quan|code|unit code",
            "name": "ten|ten don vi|ten dv|ten co quan|co quan|don vi|name|unit|unit name",
            "parent": """
            ma cap tren|ma don vi cap tren|ma co quan cap tren|ma co quan chu quan|ma don vi chu quan
            |don vi cap tren|co quan cap tren|don vi chu quan|co quan chu quan|truc thuoc|don vi truc thuoc
            |cap tren|parent|parent code|parent unit|reports to""",
            "email": "email|e-mail|mail|dia chi email|email don vi|thu dien tu|dia chi thu dien tu|hop "
            "thu|hom thu",
            "contact": "dau moi|ten dau moi|dau moi lien he|nguoi lien he|can bo dau moi|nguoi phu "
            "trach|contact|contact person|contact name",
            "phone": "dien thoai|so dien thoai|dien thoai lien he|sdt|so dt|dt|di "
            "dong|phone|telephone|tel|mobile",
            "closed": "ngay giai the|giai the|ngay ket thuc|closed|closed on",
            "successor": "don vi ke thua|ma ke thua|ma don vi ke thua|successor",
        }
    )
)
INVITED = Section(
    section(
        {
            "name": "ho ten|ho va ten|ten|name|full name",
            "email": "email|e-mail|mail|dia chi email|thu dien tu|dia chi thu dien tu",
            "role": "vai tro|quyen|role",
            "unit": "ma|ma don vi|ma dv|ma co quan|ma dinh danh|don vi|unit|unit code|code",
        }
    )
)
PEOPLE = Section(
    section(
        {
            "name": "ho ten|ho va ten|ten|name|full name",
            "email": "email|e-mail|thu dien tu",
            "department": "phong|phong ban|bo phan|department",
        }
    )
)

# An authority's list of public addresses, in Vietnamese and English, in Shadowserver's reports (columns of
# `botnet_drone`, `event4_sinkhole`, `event4_honeypot_*`, `scan_*`;
# https://www.shadowserver.org/what-we-do/network-reporting/) and in n6's (https://n6.readthedocs.io/).
_NO_IP = re.compile(
    r"mac\b|e-?mail|website|\burl\b|ten mien|domain|hostname|ip_?count|so luong|tru so|lien he"
    r"|asn|address_type|(?<!ip )(?<!ip cua )don vi|^(?:src_|dst_)?port"
)
_LAST = r"last[ _]?seen|last[ _]?time|lan cuoi|cuoi cung|ket thuc|end[ _]?time|time[ _]?end|until"
_NO_TIME = re.compile(
    r"han xu ly|thoi han|het han|deadline|expire|expir|bao cao|uptime|timezone|mui gio|time "
    r"zone|so lan|den ngay|ngay sinh|duration|thoi luong|ket thuc|end|last"
)
_NO_THREAT = re.compile(
    r"host|device_|user|don vi|co quan|ten may|file|org|to chuc|nguoi|machine|asn?_?name"
    r"|\basn\b|domain|dns|sector|city|region|model|vendor|version|source_url|server|nha mang"
    r"|isp|device"
)
FAR = Section(
    {},
    [
        Within("far", words(r"dst|dest|dip|dport|destination|remote|target|dich|dieu khien|may chu|may dich"
            r"|c2|cc|c&c|cnc|server|controller|sinkhole|doc hai|ket noi den|ket noi toi"), words(
            r"src|source|nguon|infected|nhiem|victim|nan nhan|public|cong cong|cong khai"
            r"|local|client|bot|sip|sport|may tram|nat|wan"))
    ],
)  # fmt: skip
"""Columns of addresses or ports of the far side."""
LATER = Section({}, [Within("later", words(_LAST))])
"""Columns of the last one of several times."""
REPORTS = Section(
    {},
    [
        # `cổng` without its accents is also `công`, as in `công cộng` (public) and `công ty` (company)
        Within("port", re.compile(r"^cổng(?!\w)"), of=Spelling.ACCENTED),
        Within(
            "ip", words(r"ip|ips|ipv4|ipv6|address|addr|dia chi|ip_address|sip|dip|ipaddr|ipaddress"), _NO_IP
            ),
        Within("ip", whole("host")),
        Within("port", words(r"port|ports|sport|dport|srcport|dstport|port_?no|portnumber")),
        Within("port", whole(r"(?:so |so hieu )?cong(?: (?:nguon|dich|ket noi|dich vu|nat|public|mang|tcp"
            r"|udp|tcp/udp|ip|may chu|c&c|tcp udp|cua ip nguon|giao tiep))?")),
        Within("port", re.compile(r"(?<!\w)cổng(?!\w)"), of=Spelling.ACCENTED),
        Within("destination", whole(
            r"(?:may chu )?(?:c&c|c2|cnc|may chu dieu khien|dich|dich ket noi|destination"
            r"|may chu)(?: server)?")),
        Within("time", words(_LAST), of=Spelling.BEGINNING),
        Within("date",
            whole(r"date|ngay|ngay phat hien|ngay ghi nhan|ngay ket noi|day|ngay thang|ngay xay ra"),
            of=Spelling.BEGINNING),
        Within(
            "clock", whole("gio|clock|hour|gio phut|gio phat hien|gio ghi nhan|gio ket noi"),
            of=Spelling.BEGINNING),
        Within("time", words(r"time|timestamp|datetime|date_?time|thoi gian|thoi diem|first[ _]?seen"
            r"|observed|eventtime|event[ _]?time|detected|detection|ngay gio|gio ngay"
            r"|ngay,? gio|ngay thang|seen|luc|log[ _]?time|when|^ngay .*"), _NO_TIME, Spelling.BEGINNING),
        Within("protocol", words(r"protocol|proto|giao thuc|transport|l4_?proto|ip_?protocol")),
        Within("threat", words(
            r"infection|malware|threat|botnet|bot_?name|trojan|trojan_?family|virus|family"
            r"|malware_?name|ma doc|mang bot|mang botnet|loai ma doc|ten ma doc|nguy co"
            r"|dong ma doc|nhan dang|phan mem doc hai|moi de doa|de doa|loai virus|ten "
            r"virus|chung ma doc|bien the|name"), _NO_THREAT),
        Within("threat_class", words(
            r"tag|tags|type|category|loai|loai hinh|hanh vi|chien dich|mo ta|description"
            r"|noi dung|dau hieu|signature|event|su kien|loai su kien|ghi chu|note"
            r"|classification|phan loai"), _NO_THREAT),
    ],
    longest=60,
)  # fmt: skip


_WORDS: dict[str, str] = {
    "value": """
        indicator|indicator value|indicators|entry value|ioc|iocs|ioc value|ioc_value|observable|value
        |values|attribute value|artifact|artefact|data|ip|ips|ip address|ip addresses|ipaddress|ip_address
        |ipv4|ipv6|address|addresses|ip addr|ipaddr|src ip|dst ip|source ip|destination ip|source address
        |destination address|srcip|dstip|dest_ip|remote ip|c2 ip|cnc ip|c&c ip|host ip|dst_ip|src_ip|ip dst
        |ip src|ip range|range|cidr|network|networks|subnet|netblock|prefix|ip:port|ip port|domain|domains
        |domain name|domain names|domain_name|fqdn|hostname|host name|host|hosts|c2 domain|c2|c&c|cnc
        |c2 server|c2 address|site|website|dns|url|urls|uri|uris|url address|malicious url|phishing url
        |download url|link tai|hash|hashes|file hash|filehash|md5|md5 hash|md5sum|md5_hash|filehash-md5
        |sha1|sha-1|sha1 hash|sha1_hash|filehash-sha1|sha256|sha-256|sha256 hash|sha256_hash
        |filehash-sha256|hash md5|hash sha1|hash sha256|checksum|digest|dau hieu|dau hieu nhan biet|chi bao
        |gia tri|ioc (dau hieu)|dia chi|dia chi ip|dia chi doc hai|ip doc hai|dia chi ip doc hai
        |dia chi may chu|dia chi may chu dieu khien|may chu dieu khien|may chu|dai ip|dai dia chi|dai mang
        |mang|ten mien|ten mien doc hai|domain doc hai|dia chi ten mien|duong dan|lien ket
        |duong dan doc hai|lien ket doc hai|dia chi url|dia chi website|trang web|website doc hai|ma bam
        |ma hash|gia tri bam|gia tri hash|ip/domain|ip/ten mien|ten mien/ip|ten mien/dia chi ip
        |dia chi ip/ten mien|danh sach ip|danh sach ten mien|dia chi ip/domain|ip, domain""",
    "type": """
        type|entry type|indicator type|indicator_type|ioc type|ioc_type|kind|attribute type|observable type
        |data type|loai|loai dau hieu|kieu|phan loai dau hieu|loai ioc|dang""",
    "threat": """
        threat|threat name|malware|malware family|malware name|malware_printable|family|malware_family
        |botnet|botname|campaign|actor|threat actor|signature|virusname|virus name|listingreason|detection
        |tool|trojanfamily|ma doc|ten ma doc|loai ma doc|ho ma doc|nhom ma doc|dong ma doc|nhom tan cong
        |chien dich|moi de doa|nguy co|mang botnet|ten botnet""",
    "threat_class": "threat type|threat_type|attack type|threat class|loai tan cong|kieu tan cong"
    "|loai moi de doa|activity",
    "note": """
        note|notes|sblid|description|desc|comment|comments|remark|remarks|context|details|info|tags|tag
        |label|labels|category|classification|ghi chu|mo ta|chu thich|dien giai|noi dung|thong tin|chi tiet
        |phan loai|nhan""",
    "source": """
        source|sources|provider|feed|feed name|reporter|origin|author|nguon|nguon tin|nguon cung cap
        |don vi cung cap|nguon goc""",
    "valid_from": """
        submission time|time stamp|first seen|first_seen|firstseen|first_seen_utc|listingdate|timestamp
        |time|detected|valid from|valid_from|start|start date|created|date added|dateadded|date_added|date
        |added|ngay|ngay phat hien|thoi gian phat hien|ngay bat dau|ngay ghi nhan|tu ngay|lan dau
        |lan dau phat hien|thoi gian|ngay cap nhat|phat hien lan dau""",
    "valid_until": """
        valid until|valid_until|expires|expiry|expiration|expiration date|valid to|end|expiration time
        |end date|expire|het han|ngay het han|den ngay|hieu luc den|ngay ket thuc|han su dung""",
    "confidence": "confidence|confidence level|confidence_level|score|do tin cay|muc do tin cay|tin cay",
    "tlp": "tlp|marking|muc chia se|tlp marking",
    "context": """
        reference|references|ref|link|links|report|report url|urlhaus_link|urlhaus link|threatfox link
        |details url|virustotal|permalink|phish detail url|detail url|cert link|links html
        |external references|screenshot|image|anonymous|tham khao|tai lieu tham khao|lien ket tham khao
        |bao cao|version|phien ban|useragent|user agent|user_agent|file name|filename|file_name|file
        |file path|path|ten tep|ten file|mime type|email|e-mail|sender|from|mail|thu dien tu|asn|as|as name
        |as number|country|country code|quoc gia|port|ports|cong|dst_port|c2 port|protocol|giao thuc|size
        |filesize|dung luong|stt|tt|so tt|so thu tu|id|uuid|guid|no|no.|row|event_id|event id|object_id
        |object id|attribute_tag|object_uuid|object_relation|object_name|object_meta_category|to_ids|status
        |trang thai|url_status|last_online|last online|last seen|last_seen|last_seen_utc|lastseen|lan cuoi
        |package name|package|package_name|imphash|ssdeep|tlsh|ja3|ja3s|ja4|ja4s|ja3_md5|ja3_fingerprint
        |ns1|ns2|ns3|ns4|ns5|review|inetnum|netname|descr|whois|registrar|serial number|thumbprint|asn_name
        |as_name|asname|longitude|latitude|fk_malware|malware_alias|malware alias|malware_malpedia
        |urlhaus_reference|gimphash|telfhash|dhash_icon|sha3_384_hash|terms|copyright|license|licence
        |homepage|malware_bazaar|malware bazaar|phish id|phish_id|verified|verification time|online|target
        |_id|_index|_type|_score|tracking|certificate thumbprint|recommended actions|rbac groups
        |mitre techniques|generate alert|subject|subjects|subject cn|issuer|issuer cn|subject name
        |issuer name|company|company name|product|product name|original filename|original file name
        |meaningful name|internal name|legal copyright|publisher|certificate subject|certificate issuer
        |removed by|removal notes|table|words|bang|severity|action|platforms|more_info|info_url
        |threat_type_desc|ioc_type_desc|credits|terms of use|documentation|contact|blacklists|surbl
        |spamhaus_dbl|referrer|referer|referrer url|http referrer|http_referrer|referring url""",
}
_FURTHER: dict[str, str] = {
    "value": """
        恶意ip地址|恶意ip|ip地址|ip|地址|恶意地址|恶意域名|域名|恶意url|恶意链接|恶意网址|网址|链接地址
        |c2地址|c2域名|c2服务器|回连地址|控制端地址|指标|指标值|ioc值|威胁指标|失陷指标|哈希|哈希值
        |文件哈希|md5值|sha1值|sha256值|样本md5|样本哈希|值|惡意ip|惡意ip位址|ip位址|惡意網域|網域|網域名稱
        |惡意網址|雜湊值|指標|ipアドレス|ドメイン|ドメイン名|ホスト名|通信先|接続先|不正な通信先|ハッシュ値
        |ハッシュ|値|インジケータ|インディケータ|c2サーバ|ip 주소|ip주소|악성 ip|악성ip|도메인|악성 도메인
        |유포지|경유지|악성 url|해시|해시값|지표|ip-адрес|ip адрес|ip-адреса|адрес|домен|доменное имя
        |домены|url-адрес|url адрес|ссылка на вредоносный файл|хеш|хэш|хеш-сумма|хэш-сумма|индикатор
        |индикаторы|индикатор компрометации|значение|adresse ip|adresses ip|nom de domaine|domaine|domaines
        |empreinte|condensat|condensats|indicateur|indicateurs|valeur|marqueur|marqueurs
        |địa chỉ ip máy chủ điều khiển|ip máy chủ điều khiển|tên miền máy chủ điều khiển|ip c2|địa chỉ c2
        |máy chủ c2|máy chủ c&c|tên miền c2|đường dẫn url|đường link|link độc hại|đường link độc hại
        |tên miền giả mạo|tên miền lừa đảo|website giả mạo|website lừa đảo|trang web giả mạo
        |trang web lừa đảo|trang giả mạo|hàm băm|chuỗi băm|giá trị hash|giá trị ioc|chỉ dấu
        |chỉ dấu tấn công|chỉ báo tấn công|chỉ báo thỏa hiệp|địa chỉ ip/url|url/tên miền|tên miền/url
        |indicator of compromise|indicators of compromise|indicator (ioc)|md5/sha1/sha256|malicious ip
        |malicious ip address|malicious domain|malicious url|observable value|ioc indicator""",
    "type": """
        指标类型|类型|ioc类型|指標類型|類型|種別|種類|タイプ|유형|종류|тип|тип индикатора|type d'indicateur
        |type de marqueur|loại chỉ báo|loại chỉ dấu|loại giá trị|observable type""",
    "threat": """
        恶意软件|恶意软件名称|恶意软件家族|恶意家族|家族|病毒名称|病毒家族|木马名称|威胁名称|攻击组织
        |组织名称|惡意軟體|惡意程式|惡意程式名稱|マルウェア|マルウェア名|攻撃グループ|악성코드|악성코드명
        |вредоносное по|вредоносная программа|семейство|семейство вредоносного по|угроза|группировка
        |logiciel malveillant|code malveillant|famille|menace|tên mã độc/nhóm tấn công|tên nhóm tấn công
        |tên chiến dịch|họ mã độc/nhóm tấn công|chủng mã độc|loại mã độc/chiến dịch""",
    "note": """
        备注|描述|说明|标签|備註|說明|描述信息|説明|備考|タグ|コメント|概要|비고|설명|комментарий|описание
        |примечание|теги|commentaire|commentaires|remarque|mô tả chi tiết|analyst notes|role|vai trò""",
    "source": "来源|情报来源|來源|情報元|ソース|出典|출처|источник|origine|nguồn dữ liệu",
    "valid_from": "首次发现|首次发现时间|发现时间|时间|日期|更新时间|發現時間|初回観測|観測日時|日時"
    "|일시|최초 발견|дата|дата обнаружения|время|date d'ajout|première observation"
    "|first seen (utc)|first seen utc|date first seen",
    "confidence": "置信度|可信度|信頼度|신뢰도|достоверность|confiance",
    "context": """
        序号|编号|端口|国家|国家地区|参考|参考链接|参考文献|报告链接|运营商|归属地|文件名|文件名称|序號
        |編號|連接埠|參考資料|番号|項番|ポート|国|参考|参考url|参照|ファイル名|번호|포트|국가|참고|파일명|№
        |№ п/п|номер|порт|страна|ссылка|ссылки|отчет|имя файла|провайдер|numéro|référence|références|lien
        |liens|pays|fichier|nom du fichier|reference url|reference urls|reference link|references url
        |report link|source url|source link|sample url|sample link|vt link|virustotal link|virustotal url
        |blog|blog url|article|advisory|advisory url|reverse dns|rdns|ptr|ptr record|hosting provider
        |hosting|isp|organisation|organization|nameserver|nameservers|name server|đơn vị quản lý|đơn vị
        |nhà mạng|nhà cung cấp|tên đơn vị|link tham khảo|nguồn tham khảo|đường dẫn tham khảo|verdict
        |disposition|reputation|assessment|kết luận|đánh giá|kết quả đánh giá|is_malicious|is malicious
        |is_benign|is_whitelisted|whitelisted|allowlisted|false positive|is_false_positive""",
}

# Địa chỉ IP nhiễm mã độc, IP máy bị nhiễm, Máy nạn nhân, Victim IP; not: Máy chủ lây nhiễm (the spreader)
_VICTIM = whole(
    r"(?:dia chi )?(?:ip|may|may tinh|thiet bi|host|dia chi|ten may)\b(?!.*\blay nhiem\b).*\b"
    r"(?:nhiem|nan nhan|bi tan cong)\b.*|nan nhan|victims?|(?:victim|infected)(?:[ _-](?:ips?"
    r"|hosts?|machines?|address(?:es)?|hostname|computer|system|device|name)){1,3}"
    r"|受害(?:者)?ip(?:地址)?|受感染ip|被攻击ip|感染ip|被害ip|ip жертвы|зараженный ip"
)
# Website bị giả mạo, Tên miền chính thức, Impersonated brand, Legitimate domain, Whitelist, Tên miền ngoại lệ
_GENUINE = whole(
    r".*\b(?:bi (?:gia mao|gia danh|mao danh|lam gia|nhai)|chinh thuc|chinh thong|hop phap)\b.*"
    r"|(?:ten mien|website|trang(?: web)?) that|(?:impersonated|legitimate|legit|genuine"
    r"|official|targeted|abused)[ _-](?:brand|domain|site|website|url|organi[sz]ation|company"
    r"|service)s?|target brand|brand|legit(?:imate)?|benign|hop le"
    r"|(?:white|allow|safe) ?list(?:ed)?(?: (?:domains?|ips?|urls?|hosts?|entries|addresses))?"
    r"|.*\b(?:ngoai le|danh sach trang|khong chan)"
)
LISTS = Section(
    section(_FURTHER, plain_key) | section(_WORDS),
    [Within("victim", _VICTIM), Within("context", _GENUINE)],
    loose=True,
)
