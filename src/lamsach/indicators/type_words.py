"""What type columns and MISP's attributes call the kinds of values (https://www.misp-project.org/datamodels/), in English and Vietnamese.

Under None stand the kinds that no log shows, or that are no indicators of a list: they are refused, whatever their values look like.
"""

from __future__ import annotations

from lamsach.model import IndicatorType

TYPE_WORDS: dict[IndicatorType | None, str] = {
    IndicatorType.IP: """ip|ips|ipv4|ipv6|ip address|ipaddress|address|addr|ip-dst|ip-src|ip dst|ip src|ipv4-addr|ipv6-addr|ip-dst/port|ip-src/port|ip:port|ip port
        |intel::addr|dia chi ip|dia chi|ipv4 address|ipv6 address|ip_address|c2 ip""",
    IndicatorType.NETWORK: "network|cidr|subnet|netblock|ip range|ip-range|range|intel::subnet|dai ip|dai mang|mang|ipv4-cidr|ip network|prefix",
    IndicatorType.DOMAIN: """domain|onion-address|domains|domain name|domain-name|domain_name|hostname|host|fqdn|host name|intel::domain|ten mien|c2 domain|dns|domain:port""",
    IndicatorType.URL: "url|urls|uri|intel::url|duong dan|lien ket|url address",
    IndicatorType.MD5: "md5|file-md5|filehash-md5|md5 hash|hash-md5|hash md5|md5_hash|hash.md5|file md5|filemd5",
    IndicatorType.SHA1: "sha1|sha-1|filehash-sha1|sha1 hash|hash-sha1|hash sha1|sha1_hash|hash.sha1|file sha1|filesha1",
    IndicatorType.SHA256: "sha256|sha-256|filehash-sha256|sha256 hash|hash-sha256|hash sha256|sha256_hash|hash.sha256|file sha256|filesha256",
    None: """email|e-mail|email-src|email-dst|email address|email-addr|email-subject|email subject|email-attachment|filename|file name|file-name|mutex|regkey|registry key
        |link|regkey/value|registry|yara|sigma|snort|text|comment|other|user-agent|user agent|useragent|vulnerability|cve|as|asn|port|sha512|sha-512|sha384|sha224|ssdeep|imphash|filehash-imphash|filehash-pehash|certificatethumbprint|certificate thumbprint|cert-thumbprint
        |tlsh|pehash|authentihash|impfuzzy|pattern-in-file|pattern-in-memory|pattern-in-traffic|pdb|named pipe|windows-service-name|whois-registrant-email
        |whois-registrant-name|x509-fingerprint-sha1|x509-fingerprint-md5|x509-fingerprint-sha256|ja3-fingerprint-md5|ja3s-fingerprint-md5|jarm-fingerprint|mac-address|btc|xmr|phone-number|code-signing certificate|certificate
        |code signing certificate|threat-actor|campaign-name|campaign-id|datetime|size-in-bytes|mime-type|target-user|target-email|malware-type|github-username|gene
        |ja3|ja3s|ja3 hash|ja3 fingerprint|ja4|ja4s|ja4h|ja4x|jarm|hassh|hasshserver|telfhash|gimphash|vhash|rich hash|rich header hash|rich pe hash|import hash|fuzzy hash|certificate sha1|certificate sha256
        |certificate sha-1|certificate sha-256|certificate md5|certificate hash|certificate serial|certificate serial number|certificate fingerprint|ssl certificate|tls certificate|x509|x.509|x509 certificate|ssl cert|thumbprint|serial number
        |sha-384|sha3-384|sha3_384|blake2b|crc32|password|encryption key|key|rc4 key|aes key|wallet|bitcoin address|btc address|cryptocurrency wallet|bitcoin|monero|ethereum|telegram|phone|phone number|command|command line
        |scheduled task|task name|service|service name|process|process name|pdb path|file path|filepath|path|directory|folder|mac|mac address|ten tep|ten file|tep tin|duong dan tep|khoa registry|dia chi email|thu dien tu
        |ten tien trinh|ten dich vu|lenh|mat khau|vi dien tu|so dien thoai
        |package|package name|package id|bundle id|bundle identifier|bundle name|app id|application id|app name|application name|app|application|configuration profile|configuration-profile
        |detection|detection name|av detection|file size|filesize|file type|uri path|url path|hosts file|cron job|user account|account|username|user name
        |email-body|email-header|email-reply-to|email-x-mailer|email-mime-boundary|email-message-id|email-thread-index|email-src-display-name|email-dst-display-name|dns-soa-email|jabber-id
        |twitter-id|github-repository|github-organisation|dkim|dkim-signature|whois-registrar|whois-registrant-org|whois-registrant-phone|whois-creation-date|target-machine|target-org|target-external
        |target-location|mobile-application-id|azure-application-id|chrome-extension-id|http-method|cookie|windows-scheduled-task|windows-service-displayname|attachment|bro|zeek|stix2-pattern
        |kusto-query|hex|dash|community-id|cpe|weakness|mac-eui-64|favicon-mmh3|ssh-fingerprint|pgp-public-key|pgp-private-key|process-state|iban|bic|bank-account-nr|cc-number|integer|float|counter|boolean
        |full-name|first-name|last-name|identity-card-number|gene|anonymised|cortex|dom-hash|cdhash|git-commit-id|hassh-md5|hasshserver-md5|sha512/224|sha512/256|sha3-224|sha3-256|sha3-512|eppn
        |passport-number""",
}
