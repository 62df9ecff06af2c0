"""What further columns are called: in Chinese, Japanese, Korean, Russian and French, as vendors and national teams of those countries write them, and whole
phrases of Vietnamese dispatches. Keys are the names of `lamsach.indicators.tables.fields.Field`; a word stands as it is written, with its accents.
"""

from __future__ import annotations

import re

FURTHER_WORDS: dict[str, str] = {
    "value": """
        恶意ip地址|恶意ip|ip地址|ip|地址|恶意地址|恶意域名|域名|恶意url|恶意链接|恶意网址|网址|链接地址|c2地址|c2域名|c2服务器|回连地址|控制端地址|指标|指标值|ioc值|威胁指标|失陷指标|哈希|哈希值|文件哈希|md5值|sha1值|sha256值|样本md5|样本哈希|值
        |惡意ip|惡意ip位址|ip位址|惡意網域|網域|網域名稱|惡意網址|雜湊值|指標
        |ipアドレス|ドメイン|ドメイン名|ホスト名|通信先|接続先|不正な通信先|ハッシュ値|ハッシュ|値|インジケータ|インディケータ|c2サーバ
        |ip 주소|ip주소|악성 ip|악성ip|도메인|악성 도메인|유포지|경유지|악성 url|해시|해시값|지표
        |ip-адрес|ip адрес|ip-адреса|адрес|домен|доменное имя|домены|url-адрес|url адрес|ссылка на вредоносный файл|хеш|хэш|хеш-сумма|хэш-сумма|индикатор|индикаторы|индикатор компрометации|значение
        |adresse ip|adresses ip|nom de domaine|domaine|domaines|empreinte|condensat|condensats|indicateur|indicateurs|valeur|marqueur|marqueurs
        |địa chỉ ip máy chủ điều khiển|ip máy chủ điều khiển|tên miền máy chủ điều khiển|ip c2|địa chỉ c2|máy chủ c2|máy chủ c&c|tên miền c2|đường dẫn url|đường link|link độc hại|đường link độc hại|tên miền giả mạo|tên miền lừa đảo
        |website giả mạo|website lừa đảo|trang web giả mạo|trang web lừa đảo|trang giả mạo|hàm băm|chuỗi băm|giá trị hash|giá trị ioc|chỉ dấu|chỉ dấu tấn công|chỉ báo tấn công|chỉ báo thỏa hiệp|địa chỉ ip/url|url/tên miền|tên miền/url
        |indicator of compromise|indicators of compromise|indicator (ioc)|md5/sha1/sha256|malicious ip|malicious ip address|malicious domain|malicious url|observable value|ioc indicator""",
    "type": """
        指标类型|类型|ioc类型|指標類型|類型|種別|種類|タイプ|유형|종류|тип|тип индикатора|type d'indicateur|type de marqueur|loại chỉ báo|loại chỉ dấu|loại giá trị|observable type""",
    "threat": """
        恶意软件|恶意软件名称|恶意软件家族|恶意家族|家族|病毒名称|病毒家族|木马名称|威胁名称|攻击组织|组织名称|惡意軟體|惡意程式|惡意程式名稱|マルウェア|マルウェア名|攻撃グループ|악성코드|악성코드명|вредоносное по|вредоносная программа|семейство
        |семейство вредоносного по|угроза|группировка|logiciel malveillant|code malveillant|famille|menace|tên mã độc/nhóm tấn công|tên nhóm tấn công|tên chiến dịch|họ mã độc/nhóm tấn công|chủng mã độc|loại mã độc/chiến dịch""",
    "note": """
        备注|描述|说明|标签|備註|說明|描述信息|説明|備考|タグ|コメント|概要|비고|설명|комментарий|описание|примечание|теги|commentaire|commentaires|remarque|mô tả chi tiết|analyst notes|role|vai trò""",
    "source": "来源|情报来源|來源|情報元|ソース|出典|출처|источник|origine|nguồn dữ liệu",
    "valid_from": "首次发现|首次发现时间|发现时间|时间|日期|更新时间|發現時間|初回観測|観測日時|日時|일시|최초 발견|дата|дата обнаружения|время|date d'ajout|première observation|first seen (utc)|first seen utc|date first seen",
    "confidence": "置信度|可信度|信頼度|신뢰도|достоверность|confiance",
    "context": """
        序号|编号|端口|国家|国家地区|参考|参考链接|参考文献|报告链接|运营商|归属地|文件名|文件名称|序號|編號|連接埠|參考資料|番号|項番|ポート|国|参考|参考url|参照|ファイル名|번호|포트|국가|참고|파일명|№|№ п/п|номер|порт|страна|ссылка|ссылки
        |отчет|имя файла|провайдер|numéro|référence|références|lien|liens|pays|fichier|nom du fichier
        |reference url|reference urls|reference link|references url|report link|source url|source link|sample url|sample link|vt link|virustotal link|virustotal url|blog|blog url|article|advisory|advisory url|reverse dns|rdns|ptr|ptr record|hosting provider
        |hosting|isp|organisation|organization|nameserver|nameservers|name server|đơn vị quản lý|đơn vị|nhà mạng|nhà cung cấp|tên đơn vị|link tham khảo|nguồn tham khảo|đường dẫn tham khảo
        |verdict|disposition|reputation|assessment|kết luận|đánh giá|kết quả đánh giá|is_malicious|is malicious|is_benign|is_whitelisted|whitelisted|allowlisted|false positive|is_false_positive""",
}

# Địa chỉ IP nhiễm mã độc, IP máy bị nhiễm, Máy nạn nhân, Victim IP; not: Máy chủ lây nhiễm (what spreads)
_VICTIM = re.compile(
    r"(?:dia chi )?(?:ip|may|may tinh|thiet bi|host|dia chi|ten may)\b(?!.*\blay nhiem\b).*\b(?:nhiem|nan nhan|bi tan cong)\b.*|nan nhan|victims?|(?:victim|infected)(?:[ _-](?:ips?|hosts?|machines?|address(?:es)?|hostname|computer|system|device|name)){1,3}"
    r"|受害(?:者)?ip(?:地址)?|受感染ip|被攻击ip|感染ip|被害ip|ip жертвы|зараженный ip"
)
# Website bị giả mạo, Tên miền chính thức, Impersonated brand, Legitimate domain, Whitelist, Tên miền ngoại lệ
_GENUINE = re.compile(
    r".*\b(?:bi (?:gia mao|gia danh|mao danh|lam gia|nhai)|chinh thuc|chinh thong|hop phap)\b.*|(?:ten mien|website|trang(?: web)?) that|(?:impersonated|legitimate|legit|genuine|official|targeted|abused)[ _-](?:brand|domain|site|website|url|organi[sz]ation|company|service)s?|target brand|brand|legit(?:imate)?|benign|hop le"
    r"|(?:white|allow|safe) ?list(?:ed)?(?: (?:domains?|ips?|urls?|hosts?|entries|addresses))?|.*\b(?:ngoai le|danh sach trang|khong chan)"
)


def further_field(key: str) -> str | None:
    """The name of the field that a heading's plain key means by its phrase: the reported machine, or what is imitated; None otherwise."""
    if _VICTIM.fullmatch(key):
        return "victim"
    return "context" if _GENUINE.fullmatch(key) else None
