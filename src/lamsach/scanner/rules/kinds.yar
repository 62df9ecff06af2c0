// The kinds of file that the rules beside this one are about.
// Lamsach's own rules for files. Each is tied to the kind of file it is about, so that a text that talks of malware (this one too)
// does not match; where that needs it, a letter of a word stands in brackets. meta: level (malicious, suspicious, risk), threat (a key of words.THREATS), about (what it looks for).

private rule is_pe { condition: uint16(0) == 0x5A4D and filesize > 512 }
private rule is_elf { condition: uint32(0) == 0x464C457F }
private rule is_small_text { condition: filesize < 4MB and uint16(0) != 0x5A4D and uint32(0) != 0x464C457F and uint32(0) != 0x04034B50 }
private rule is_shell { strings: $a = /^#! ?\/(usr\/)?bin\/(env )?(ba|da|z|k|a)?sh/ condition: filesize < 2MB and $a at 0 }
