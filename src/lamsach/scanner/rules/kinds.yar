// The kinds of file that the rules beside this one are about.
// Lamsach's own rules for files. Each is tied to the kind of file it is about, so that a text that talks of malware (this one too)
// does not match; where that needs it, a letter of a word stands in brackets. meta: level (malicious, suspicious, risk), threat (a key of words.THREATS), about (what it looks for).

private rule is_pe { condition: uint16(0) == 0x5A4D and filesize > 512 }
private rule is_elf { condition: uint32(0) == 0x464C457F }
private rule is_small_text { condition: filesize < 4MB and uint16(0) != 0x5A4D and uint32(0) != 0x464C457F and uint32(0) != 0x04034B50 }
private rule is_shell { strings: $a = /^#! ?\/(usr\/)?bin\/(env )?(ba|da|z|k|a)?sh/ condition: filesize < 2MB and $a at 0 }
// Text that only lists indicators, rules or tests: it names what the rules look for, and does nothing.
private rule is_listing {
  strings:
    $y1 = /\brule\s{1,4}\w{1,100}\s{0,4}(:[^{]{0,200})?\{/
    $y2 = /\bcondition\s{0,4}:/
    $s1 = /\blogsource\s{0,2}:/
    $s2 = /\bdetection\s{0,2}:/
    $n1 = /\bsid\s{0,2}:\s{0,2}\d{1,10}\s{0,2};/
    $j1 = /"type"\s{0,4}:\s{0,4}"(indicator|bundle|ip-dst|domain|md5|sha256)"/
    $j2 = "\"Attribute\""
    $t1 = /(^|\n)\s{0,8}def test_\w{1,100}\(/
    $t2 = /(^|\n)\s{0,12}assert /
    $d1 = /hxxps?(:|\[)/ nocase
    $d2 = /[a-z0-9-]\[\.?(dot)?\][a-z0-9-]/ nocase
    $h = /(^|[\s,;|"'])([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})($|[\s,;|"'])/ nocase
  condition: filesize < 4MB and (all of ($y*) or all of ($s*) or $n1 or $j1 or $j2 or all of ($t*) or $d1 or #d2 >= 2 or #h >= 3)
}
// What begins as a program in a script language, whatever comments it holds.
private rule is_script_head { strings: $a = /^\s{0,9}(#! ?\/|@echo off|<\?php|param\s?\()/ nocase condition: filesize < 4MB and $a in (0..16) }
// That, or lines that are commands or calls.
private rule is_script {
  strings:
    $c1 = /(^|\n)\s{0,20}(sudo |nohup |if |then |do |&& )?(wget|curl|chmod|crontab|pkill|killall|nohup|schtasks|start|set|export|cd|powershell|Start-Process|Invoke-WebRequest|iwr|\$\w{1,40}\s?=)[ (]/ nocase
    $c2 = /(^|\n)\s{0,20}(import \w|from \w{1,60}(\.\w{1,60}){0,5} import |def \w{1,60}\(|function \w|const |let |var |require\()/
    $c3 = /\w{1,60}(\.\w{1,60}){0,4}\([^)\n]{0,200}\)\s{0,3}(;|\n|$)/
  condition: is_script_head or (filesize < 4MB and any of them)
}
