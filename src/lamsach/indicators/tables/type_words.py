"""What type columns and MISP's attributes call kinds of values (https://www.misp-project.org/datamodels/) that no log shows, or that are no indicators of a list: they are refused,
whatever their values look like. The kinds that are taken are in `lamsach.model.indicator_types`.
"""

from __future__ import annotations

UNSUPPORTED_WORDS = """email-dst|email-subject|email subject|email-attachment|mutex|regkey|registry key
    |link|regkey/value|registry|yara|sigma|snort|text|comment|other|user-agent|user agent|useragent|vulnerability|cve|as|asn|port|sha512|sha-512|sha384|sha224|ssdeep|imphash|filehash-imphash|filehash-pehash|certificatethumbprint|certificate thumbprint|cert-thumbprint
    |tlsh|pehash|authentihash|impfuzzy|pattern-in-file|pattern-in-memory|pattern-in-traffic|pdb|named pipe|windows-service-name|whois-registrant-email
    |whois-registrant-name|x509-fingerprint-sha1|x509-fingerprint-md5|x509-fingerprint-sha256|ja3s-fingerprint-md5|jarm-fingerprint|mac-address|btc|xmr|phone-number|code-signing certificate|certificate
    |code signing certificate|threat-actor|campaign-name|campaign-id|datetime|size-in-bytes|mime-type|target-user|target-email|malware-type|github-username|gene
    |ja3s|ja4s|ja4h|ja4x|jarm|hassh|hasshserver|telfhash|gimphash|vhash|rich hash|rich header hash|rich pe hash|import hash|fuzzy hash|certificate sha1|certificate sha256
    |certificate sha-1|certificate sha-256|certificate md5|certificate hash|certificate serial|certificate serial number|certificate fingerprint|ssl certificate|tls certificate|x509|x.509|x509 certificate|ssl cert|thumbprint|serial number
    |sha-384|sha3-384|sha3_384|blake2b|crc32|password|encryption key|key|rc4 key|aes key|wallet|bitcoin address|btc address|cryptocurrency wallet|bitcoin|monero|ethereum|telegram|phone|phone number|command|command line
    |scheduled task|task name|service|service name|process|process name|pdb path|file path|filepath|path|directory|folder|mac|mac address|tep tin|duong dan tep|khoa registry
    |ten tien trinh|ten dich vu|lenh|mat khau|vi dien tu|so dien thoai
    |package|package name|package id|bundle id|bundle identifier|bundle name|app id|application id|app name|application name|app|application|configuration profile|configuration-profile
    |detection|detection name|av detection|file size|filesize|file type|uri path|url path|hosts file|cron job|user account|account|username|user name
    |email-body|email-header|email-reply-to|email-x-mailer|email-mime-boundary|email-message-id|email-thread-index|email-src-display-name|email-dst-display-name|dns-soa-email|jabber-id
    |twitter-id|github-repository|github-organisation|dkim|dkim-signature|whois-registrar|whois-registrant-org|whois-registrant-phone|whois-creation-date|target-machine|target-org|target-external
    |target-location|mobile-application-id|azure-application-id|chrome-extension-id|http-method|cookie|windows-scheduled-task|windows-service-displayname|attachment|bro|zeek|stix2-pattern
    |kusto-query|hex|dash|community-id|cpe|weakness|mac-eui-64|favicon-mmh3|ssh-fingerprint|pgp-public-key|pgp-private-key|process-state|iban|bic|bank-account-nr|cc-number|integer|float|counter|boolean
    |full-name|first-name|last-name|identity-card-number|gene|anonymised|cortex|dom-hash|cdhash|git-commit-id|hassh-md5|hasshserver-md5|sha512/224|sha512/256|sha3-224|sha3-256|sha3-512|eppn
    |passport-number"""
