import "hash"
rule Mirai_A : elf {
  meta:
    author = "x"
    date = "2024-01-02"
    reference = "https://ref.example/q"
    hash1 = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
    malware_family = "Mirai"
  strings:
    $a = "evil-a.top"
  condition:
    hash.md5(0, filesize) == "5f4dcc3b5aa765d61d8327deb882cf99" or $a
}
rule B { condition: true }
