/*
  What no honest piece of evidence holds: programs and scripts in documents, and documents that start
  programs. Our own writing. A rule must not fire on what mentors hand in; when in doubt it asks for
  two signs that only occur together in malware.

  start: this is the first window of a file or part, so that offset 0 is its first byte.
  inside: this is a part of a container (an entry of an archive, an attachment, a stream).
*/

rule TestFile_Eicar
{
    meta:
        means = "the EICAR test file, by which scanners are tried out"
    strings:
        // Spelt in hexadecimal, so that no scanner takes this file for it.
        $eicar = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24
                   45 49 43 41 52 2D 53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55 53 2D 54 45 53
                   54 2D 46 49 4C 45 21 24 48 2B 48 2A }
    condition:
        start and $eicar in (0..64)
}

rule Program_Windows
{
    meta:
        means = "a Windows program"
    strings:
        // MZ … "This program cannot be run in DOS mode"
        $stub = { 4D 5A [58-300] 54 68 69 73 20 70 72 6F 67 72 61 6D 20 63 61 6E 6E 6F 74 20 62 65 20
                  72 75 6E 20 69 6E 20 44 4F 53 20 6D 6F 64 65 }
    condition:
        $stub or
        (start and uint16(0) == 0x5A4D and uint32(0x3C) < 0x1000 and
         uint32(uint32(0x3C)) == 0x00004550)
}

rule Program_Linux
{
    meta:
        means = "a Linux program"
    condition:
        start and uint32be(0) == 0x7F454C46 and uint8(4) >= 1 and uint8(4) <= 2 and
        uint8(5) >= 1 and uint8(5) <= 2 and uint8(6) == 1
}

rule Program_Mac
{
    meta:
        means = "a macOS program"
    condition:
        start and (
            ((uint32be(0) == 0xFEEDFACE or uint32be(0) == 0xFEEDFACF) and uint32be(12) <= 12) or
            ((uint32be(0) == 0xCEFAEDFE or uint32be(0) == 0xCFFAEDFE) and uint32(12) <= 12) or
            (uint32be(0) == 0xCAFEBABE and uint32be(4) < 20 and uint32be(4) > 0)
        )
}

rule Program_Java
{
    meta:
        means = "a compiled Java class"
    condition:
        start and uint32be(0) == 0xCAFEBABE and uint16be(6) >= 45 and uint16be(6) < 90 and
        uint16be(4) < 5
}

rule Shortcut_Windows
{
    meta:
        means = "a Windows shortcut, which can start any program"
    condition:
        start and uint32be(0) == 0x4C000000 and uint32be(4) == 0x01140200 and
        uint32be(8) == 0x00000000 and uint32be(12) == 0xC0000000
}

rule Script_Shell
{
    meta:
        means = "a script for a Unix shell or interpreter"
    strings:
        $begins = /^#!\s?\/(usr\/)?(local\/)?bin\/(env\s+)?(ba|da|z|k)?(sh|python[0-9.]*|perl|ruby)\b/
    condition:
        start and inside and $begins at 0
}

rule Macros_Office
{
    meta:
        means = "macros of an Office document"
    strings:
        $project = "_VBA_PROJECT" wide
        $stream = { 00 41 74 74 72 69 62 75 74 00 }
    condition:
        start and uint32be(0) == 0xD0CF11E0 and any of them
}

rule Package_Ole
{
    meta:
        means = "a file packed into an OLE object, which opens at a click"
    strings:
        $native = { 01 00 4F 00 6C 00 65 00 31 00 30 00 4E 00 61 00 74 00 69 00 76 00 65 00 }
    condition:
        start and uint32be(0) == 0xD0CF11E0 and $native
}

rule Equation_Editor
{
    meta:
        means = "an object of the Equation Editor, whose fault (CVE-2017-11882) runs code"
    strings:
        $class = { 02 CE 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
    condition:
        start and uint32be(0) == 0xD0CF11E0 and $class
}

rule Script_PowerShellDownload
{
    meta:
        means = "a PowerShell command that fetches and runs a program"
    strings:
        $hidden = /\b(powershell|pwsh)(\.exe)?\b[^\r\n]{0,300}\s-(e|en|enc|enco|encodedcommand)\s+[A-Za-z0-9+\/=]{40}/ ascii wide nocase
        $fetch = /\b(powershell|pwsh)(\.exe)?\b[^\r\n]{0,300}(Download(String|File|Data)\s?\(|Start-BitsTransfer\s+-|Invoke-WebRequest\s+-|\biwr\s+.{0,9}http)/ ascii wide nocase
        $run = /(\bIEX\b|Invoke-Expression|Start-Process|-w(indowstyle)?\s+hidden)/ ascii wide nocase
    condition:
        $hidden or ($fetch and $run)
}

rule Script_WindowsHost
{
    meta:
        means = "a script that starts programs through the Windows Script Host"
    strings:
        $object = /(new\s+ActiveXObject|CreateObject)\s*\(\s*["']W["'+ ]{0,5}Script\.Shell/ ascii wide nocase
        $hta = /<hta:applicatio[n]\b/ ascii wide nocase
        $run = /\.(Run|Exec|ShellExecute)\s*[\( ]/ ascii wide nocase
    condition:
        ($object and $run) or $hta
}

rule Page_Smuggling
{
    meta:
        means = "a web page that puts together a program and hands it over"
    strings:
        $decode = /\batob\s*\(|base64ToArrayBuffer|fromCharCode/ nocase
        $blob = /new\s+Blob\s*\(/ nocase
        $hand = /msSaveOrOpenBlob|createObjectURL\s*\(/ nocase
        $click = /\.click\s*\(\s*\)|\.download\s*=|msSaveOrOpenBlob/ nocase
        $tag = /<(script|svg|html)\b/ nocase
    condition:
        $tag and $decode and $blob and $hand and $click
}

rule Shell_Php
{
    meta:
        means = "a PHP program that runs what a visitor sends it"
    strings:
        $php = "<?php" nocase
        $run = /\b(eval|assert|system|exec|shell_exec|passthru|popen|proc_open)\s*\(\s*@?\s*((base64_decode|gzinflate|str_rot13|stripslashes)\s*\(\s*){0,3}\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
        $packed = /\beval\s*\(\s*(gzinflate|gzuncompress|str_rot13)\s*\(\s*base64_decode\s*\(/ nocase
    condition:
        $php and any of ($run, $packed)
}

rule Shell_Jsp
{
    meta:
        means = "a web page of a server that runs what a visitor sends it"
    strings:
        $java = /Runtime\.getRuntime\(\)\.exec\(\s*request\.getParameter/ nocase
        $asp = /\b(eval|execute)\s*\(?\s*request\s*[\.(\["]/ nocase
        $tag = /<%/
    condition:
        $tag and any of ($java, $asp)
}

rule Pdf_StartsProgram
{
    meta:
        means = "a PDF that starts a program when it is opened"
    strings:
        $launch = /\/S\s*\/Launch\b/
        $program = /\((\\?[^)]){0,200}(cmd(\.exe)?|powershell(\.exe)?|mshta(\.exe)?|wscript(\.exe)?|cscript(\.exe)?|rundll32(\.exe)?|\/bin\/(ba)?sh)\b/ nocase
    condition:
        $launch and $program
}

rule Pdf_DropsFile
{
    meta:
        means = "a PDF that writes an attachment out and opens it"
    strings:
        $export = /exportDataObject\s*\\?\(\s*\{[^}]{0,200}nLaunch\s*:\s*2/
    condition:
        $export
}
