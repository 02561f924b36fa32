/* Small bulletins of our own: a sample for each class of error that reading 40 real ones found. */
#include <stdlib.h>
#include <string.h>

#include "advise/bulletin.h"
#include "test/tap.h"

enum { TEXT_SIZE = 4096 };

static void facts_of(const struct bulletin *b, const char *kind, FILE *to)
{
	if (strcmp(kind, "product") == 0)
		for (uint32_t i = 0; i < b->product_n; i++)
			fprintf(to, "%s|%s|%s\n", b->products[i].affected ? "yes" : "no", b->products[i].name, b->products[i].kb);
	if (strcmp(kind, "rating") == 0)
		for (uint32_t i = 0; i < b->rating_n; i++)
			fprintf(to, "%s|%s|%s|%s|%s|%s\n", b->ratings[i].product, b->ratings[i].cve, b->ratings[i].flaw, b->ratings[i].kb, b->ratings[i].scope,
				pack_name(PACK_SEVERITY, b->ratings[i].severity));
	if (strcmp(kind, "rated impact") == 0)
		for (uint32_t i = 0; i < b->rating_n; i++)
			fprintf(to, "%s|%s|%s|%u\n", b->ratings[i].product, b->ratings[i].cve, pack_name(PACK_IMPACT, b->ratings[i].impact), (unsigned)b->ratings[i].from.sure);
	if (strcmp(kind, "replaces") == 0)
		for (uint32_t i = 0; i < b->replacement_n; i++)
			fprintf(to, "%s|%s|%s|%s|%s\n", b->replacements[i].bulletin, b->replacements[i].kb, b->replacements[i].product, b->replacements[i].by,
				b->replacements[i].holds ? "yes" : "no");
	if (strcmp(kind, "file") == 0)
		for (uint32_t i = 0; i < b->file_n; i++)
			fprintf(to, "%s|%s|%s|%s\n", b->files[i].name, b->files[i].version, b->files[i].branch, b->files[i].product);
	if (strcmp(kind, "key") == 0)
		for (uint32_t i = 0; i < b->key_n; i++)
			fprintf(to, "%s|%s|%s|%s\n", strrchr(b->keys[i].path, '\\') + 1, b->keys[i].product, b->keys[i].value, b->keys[i].data);
	if (strcmp(kind, "installer") == 0)
		for (uint32_t i = 0; i < b->installer_n; i++)
			fprintf(to, "%s|%s|%s\n", b->installers[i].file, b->installers[i].switches, b->installers[i].product);
	if (strcmp(kind, "work") == 0)
		for (uint32_t i = 0; i < b->workaround_n; i++)
			fprintf(to, "%s|%s|%s|%u\n", b->workarounds[i].title, b->workarounds[i].effect, b->workarounds[i].undo, b->workarounds[i].port_n);
	if (strcmp(kind, "thanks") == 0)
		for (uint32_t i = 0; i < b->credit_n; i++)
			fprintf(to, "%s\n", b->credits[i].text);
	if (strcmp(kind, "cve") == 0)
		for (uint32_t i = 0; i < b->cve_n; i++)
			fprintf(to, "%s|%s\n", b->cves[i].id, b->cves[i].title);
	if (strcmp(kind, "contradiction") == 0)
		for (uint32_t i = 0; i < b->contradiction_n; i++)
			fprintf(to, "%s\n", b->contradictions[i].what);
	for (uint32_t i = 0; i < b->statement_n; i++)
		if (strcmp(kind, topic_name(b->statements[i].topic)) == 0)
			fprintf(to, "%s|%s|%s\n", b->statements[i].product, pack_name(PACK_ANSWER, b->statements[i].answer), b->statements[i].text);
	if (strcmp(kind, "head") == 0)
		fprintf(to, "%s|%s\n", b->kb, pack_name(PACK_IMPACT, b->impact));
}

static const struct {
	const char *why, *language, *id, *text, *kind, *want;
} samples[] = {
	{"a label that is a paragraph of its own", "ja", "MS10-999",
		"影響を受けるソフトウェア\n\n| オペレーティング システム |\n|---|\n| Windows 7 |\n\n影響を受けないソフトウェア\n\n| オペレーティング システム |\n|---|\n| Windows XP |\n",
		"product", "yes|Windows 7|\nno|Windows XP|\n"},
	{"a heading inside a table of one column", "ja", "MS12-999",
		"**影響を受けないソフトウェア**\n\n| オペレーティング システム |\n|---|\n| Server Core インストール オプション |\n| Windows 7 |\n| Open XML Converter |\n", "product",
		"no|Windows 7|\nno|Open XML Converter|\n"},
	{"a note among the products", "de", "MS06-999", "**Betroffene Software:**\n\n-   Windows 2000\n-   **Hinweis** Die Updates für Windows 2000 sind andere.\n", "product",
		"yes|Windows 2000|\n"},
	{"a sentence behind a product", "ja", "MS02-999", "**影響を受けるソフトウェア :**\n\n-   Microsoft Terminal Services Client。これは Windows にあります。\n", "product",
		"yes|Microsoft Terminal Services Client|\n"},
	{"two updates of one product", "ja", "MS16-999",
		"**影響を受けるソフトウェア**\n\n| オペレーティング システム | 欠陥 - CVE-2016-1111 | 置き換えられる更新プログラム |\n|---|---|---|\n"
		"| Windows 8.1 (3184471) | 対象外 | なし |\n| Windows 8.1（3187754） | 重要 | MS16-101 の 3167679 |\n",
		"product", "yes|Windows 8.1|3184471\nyes|Windows 8.1|3187754\n"},
	{"ratings of two updates", "ja", "MS16-999",
		"**影響を受けるソフトウェア**\n\n| オペレーティング システム | 欠陥 - CVE-2016-1111 | 置き換えられる更新プログラム |\n|---|---|---|\n"
		"| Windows 8.1 (3184471) | 対象外 | なし |\n| Windows 8.1（3187754） | 重要 | MS16-101 の 3167679 |\n",
		"rating", "Windows 8.1|CVE-2016-1111||3184471||none\nWindows 8.1|CVE-2016-1111||3187754||important\n"},
	{"the update that replaces", "ja", "MS16-999",
		"**影響を受けるソフトウェア**\n\n| オペレーティング システム | 置き換えられる更新プログラム |\n|---|---|\n| Windows 8.1 (3187754) | MS16-101 の 3167679 |\n", "replaces",
		"MS16-101|3167679|Windows 8.1|3187754|yes\n"},
	{"a cell with two components", "ja", "MS10-999",
		"**影響を受けるソフトウェア**\n\n<table><tr><td>オペレーティング システム</td><td>コンポーネント</td><td>総合的な深刻度</td></tr>"
		"<tr><td>Windows 2000</td><td>Active Directory<br />(KB981550)<br /><br />ADAM<br />(KB982000)</td><td>重要</td></tr></table>\n",
		"product", "yes|Windows 2000 / Active Directory|981550\nyes|Windows 2000 / ADAM|982000\n"},
	{"products in a list below a sentence in a cell", "ja", "MS04-999",
		"**影響を受けるソフトウェア :**\n\n<table><tr><td>オペレーティング システム</td><td>PC/AT</td></tr><tr><td>管理者用は別です。<ul><li>Microsoft Office XP<br />"
		"Microsoft Office 2003<ul><li>Word 2002</li></ul></li></ul></td><td><img src=\"a.gif\" /><br />(KB832332)</td></tr></table>\n",
		"product", "yes|Microsoft Office XP|832332\nyes|Microsoft Office 2003|832332\nyes|Word 2002|832332\n"},
	{"a cell with two ratings", "ja", "MS15-999",
		"**深刻度**\n\n<table><tr><td>CVE 番号</td><td>Internet Explorer 11</td></tr><tr><td>CVE-2015-1658</td><td>Windows クライアント:<br /><strong>緊急/RCE</strong><br />"
		"Windows サーバー:<br /><strong>警告/RCE</strong></td></tr></table>\n",
		"rating", "Internet Explorer 11|CVE-2015-1658|||Windows クライアント|critical\nInternet Explorer 11|CVE-2015-1658|||Windows サーバー|moderate\n"},
	{"the overall rating of each product", "ja", "MS05-999",
		"**深刻度および脆弱性識別番号 :**\n\n| 脆弱性識別番号 | 脆弱性の影響 | Windows 98 | Windows 2000 |\n|---|---|---|---|\n| 欠陥 - CAN-2005-0060 | 特権の昇格 | 緊急でない | 重要 |\n"
		"| **すべての脆弱性の総合的な深刻度** | - | 緊急でない | 重要 |\n",
		"rating", "Windows 98|CVE-2005-0060||||none\nWindows 2000|CVE-2005-0060||||important\nWindows 98|||||none\nWindows 2000|||||important\n"},
	{"titles of flaws above tables", "ja", "MS02-999",
		"**深刻度** **:**\n欠陥その一 :\n\n| | インターネット サーバー | クライアント システム |\n|---|---|---|\n| **IIS 4.0** | 高 | なし |\n\n欠陥その二 :\n\n| | インターネット サーバー | クライアント システム |\n|---|---|---|\n| **IIS 4.0** | 低 | 低 |\n\n"
		"**脆弱性識別番号** **:**\n\n-   欠陥その一 : CAN-2002-0079\n-   欠陥その二 : CAN-2002-0147\n",
		"rating", "IIS 4.0|CVE-2002-0079|欠陥その一||インターネット サーバー|critical\nIIS 4.0|CVE-2002-0079|欠陥その一||クライアント システム|none\n"
		"IIS 4.0|CVE-2002-0147|欠陥その二||インターネット サーバー|low\nIIS 4.0|CVE-2002-0147|欠陥その二||クライアント システム|low\n"},
	{"what is not replaced", "ja", "MS04-999", "**この更新プログラムにより何が置き換えられますか?**\n\nこの更新プログラムは MS04-012 を置き換えるものではありません。\n", "replaces",
		"MS04-012||||no\n"},
	{"a statement for each product", "ja", "MS02-999", "#### 更新プログラムに関する追加情報\n\n**再起動の必要性** **:**\n\n-   IIS 5.0 : なし\n-   IIS 5.1 : あり\n", "restart",
		"IIS 5.0|no|なし\nIIS 5.1|yes|あり\n"},
	{"branches by patterns of versions", "ja", "MS10-999",
		"#### ファイル情報\n\n| ファイルのバージョン番号 | ソフトウェア | サービス ブランチ |\n|---|---|---|\n| 6.0.6001.18xxx | Windows Vista SP1 | GDR |\n| 6.0.6001.22xxx | Windows Vista SP1 | LDR |\n\n"
		"| ファイル名 | バージョン | 日付 | 時間 | サイズ |\n|---|---|---|---|---|\n| Vid.sys | 6.0.6001.18372 | 2009/12/01 | 21:05 | 220,160 |\n| Vid.sys | 6.0.6001.22572 | 2009/12/01 | 21:10 | 219,648 |\n"
		"| Vid.sys | 6.0.6002.1 | 2009/12/01 | 21:10 | 219,648 |\n",
		"file", "Vid.sys|6.0.6001.18372|GDR|\nVid.sys|6.0.6001.22572|LDR|\nVid.sys|6.0.6002.1||\n"},
	{"removal by the control panel", "ja", "MS09-999", "#### Windows Vista (すべてのエディション)\n\n**削除に関する情報**\n\nWUSA.exe を使用してコマンドラインで更新プログラムをアンインストールすることはできません。[コントロール パネル] をクリックします。\n",
		"removal", "Windows Vista (すべてのエディション)|yes|WUSA.exe を使用してコマンドラインで更新プログラムをアンインストールすることはできません。[コントロール パネル] をクリックします。\n"},
	{"a restart in some cases", "de", "MS09-998", "**Neustartanforderung**\n\nIn einigen Fällen erfordert dieses Update keinen Neustart. Wenn ein Neustart erforderlich ist, wird es gemeldet.\n",
		"restart", "|maybe|In einigen Fällen erfordert dieses Update keinen Neustart. Wenn ein Neustart erforderlich ist, wird es gemeldet.\n"},
	{"no removal", "ja", "MS06-999", "**削除に関する情報**\n\nこの更新プログラムのインストール後、削除はできません。\n", "removal", "|no|この更新プログラムのインストール後、削除はできません。\n"},
	{"a heading is no part of what was said above it", "de", "MS10-999", "**Bekannte Probleme.** Keine\n\n#### Betroffene und nicht betroffene Software\n", "caution", "|unknown|Keine\n"},
	{"a sentence before a command is no product", "de", "MS05-999",
		"#### Windows XP (alle Versionen)\n\n**Informationen zur Bereitstellung**\n\nVerwenden Sie den folgenden Befehl an einer Eingabeaufforderung für Windows XP:\n\n**Windowsxp-kb890859-x86-enu /quiet**\n",
		"installer", "Windowsxp-kb890859-x86-enu|/quiet|Windows XP (alle Versionen)\n"},
	{"a sentence ends what was named before", "ja", "MS04-999",
		"#### Windows NT Server 4.0 (すべてのバージョン)\n\n**適用に関する情報**\n\nWindows NT Server 4.0 Terminal Server Edition :\n\n**WindowsNT4TerminalServer-KB873350-x86-JPN /q**\n\n"
		"Windows NT Server 4.0 のコマンド プロンプトで次のコマンド ラインを使用してください。\n\n**WindowsNT4Server-KB873350-x86-JPN /z**\n",
		"installer", "WindowsNT4TerminalServer-KB873350-x86-JPN|/q|Windows NT Server 4.0 Terminal Server Edition\nWindowsNT4Server-KB873350-x86-JPN|/z|Windows NT Server 4.0 (すべてのバージョン)\n"},
	{"a point in an installer, a log, and one installer for two products", "de", "MS10-999",
		"#### Windows XP (alle Editionen)\n\n**Bereitstellung**\n\nFür Windows XP x64 Edition:\n\nWindowsServer2003.WindowsXP-KB2121546-x64-enu.exe /quiet\n\nFür Windows Server 2003 x64 Edition:\n\n"
		"WindowsServer2003.WindowsXP-KB2121546-x64-enu.exe /quiet\n\nKB2686827\\_\\*\\_\\*-Microsoft .NET Framework 4-MSP0.txt\n",
		"installer",
		"WindowsServer2003.WindowsXP-KB2121546-x64-enu.exe|/quiet|Windows XP x64 Edition\nWindowsServer2003.WindowsXP-KB2121546-x64-enu.exe|/quiet|Windows Server 2003 x64 Edition\n"},
	{"a word before the product of a key", "de", "MS06-999", "**Überprüfung des Registrierungsschlüssels**\n\nFür Windows XP Professional x64 Edition:\n\nHKEY\\_LOCAL\\_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\Updates\\\\KB912919\n",
		"key", "KB912919|Windows XP Professional x64 Edition||\n"},
	{"a value that a key must have, in its line and below it", "ja", "MS12-999",
		"**レジストリ キーの確認**\n\nHKEY\\_LOCAL\\_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\Updates\\\\KB2686827\"ThisVersionInstalled\" = \"Y\"\n\n"
		"HKEY\\_LOCAL\\_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\Updates\\\\KB2686828  \n\"ThisVersionInstalled\" = \"N\"\n",
		"key", "KB2686827||ThisVersionInstalled|Y\nKB2686828||ThisVersionInstalled|N\n"},
	{"an installer that only its address names", "ja", "MS06-999",
		"#### PowerPoint 2003\n\n**インストールに関する情報**\n\n1.  [更新プログラムをダウンロードします。](https://download.example/a/office2003-kb921566-fullfile-jpn.exe)\n", "installer",
		"office2003-kb921566-fullfile-jpn.exe||PowerPoint 2003\n"},
	{"effect and undoing that are not bold", "ja", "MS11-999",
		"#### 欠陥の回避策 - CVE-2011-1111\n\n-   サービスを止める\n\n    止めます。\n\n    回避策の影響: 使えません。\n\n    回避策の解除方法:\n\n    始めます。\n\n-   TCP ポート 139 をブロックする\n\n    閉じます。\n\n"
		"-   回避策の影響: 共有が使えません。\n",
		"work", "サービスを止める|使えません。|始めます。|0\nTCP ポート 139 をブロックする|共有が使えません。||1\n"},
	{"a value that steps of an editor set", "ja", "MS09-999",
		"#### 欠陥の回避策 - CVE-2009-0081\n\n-   **メタファイルを無効にする**\n\n    HKEY\\_LOCAL\\_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\GRE\\_Initialize\n\n    1.  Regedit と入力し、[OK] をクリックします。\n    3.  [新規] をポイントし、[DWORD] をクリックします。\n"
		"    4.  DisableMetaFiles と入力し、ENTER キーを押します。\n    5.  [値のデータ] ボックスで、「1」を入力し、[OK] をクリックします。\n",
		"key", "GRE_Initialize||DisableMetaFiles|dword:00000001\n"},
	{"the service pack that holds it", "ja", "MS02-999", "更新プログラム\n--------------\n\n-   Microsoft IIS 5.0:\n    この問題に対する修正は Windows 2000 Service Pack 3 以降に含まれています。\n", "future",
		"Microsoft IIS 5.0|unknown|この問題に対する修正は Windows 2000 Service Pack 3 以降に含まれています。\n"},
	{"a restart after an attack", "ja", "MS99-999", "問題\n----\n\nこの脆弱性の影響を受けた場合、コンピュータを再起動してください。\n", "restart", ""},
	{"thanks in a paragraph", "ja", "MS03-999", "**謝辞 :**\nこの問題を連絡して下さった Example 社に対し、深い謝意を表します。\n\n**更新履歴 :**\n\n-   2003/07/24: 公開しました。\n", "thanks",
		"この問題を連絡して下さった Example 社に対し、深い謝意を表します。\n"},
	{"thanks that lead to a list", "ja", "MS03-999", "**謝辞 :**\n下記の方に対し、深い謝意を表します。\n\n-   Example 社\n", "thanks", "Example 社\n"},
	{"an article among the references, an impact", "ja", "MS02-999", "**脆弱性の影響** **:**\n攻撃者の選択したコードが実行されます\n\n**詳細情報** **:**\n\n-   サポート技術情報 （KB） 文書番号 ： 327521\n", "head",
		"327521|remote-code-execution\n"},
	{"a table of titles rates nothing", "de", "MS16-999",
		"#### Sicherheitsanfälligkeit\n\n| Titel der Sicherheitsanfälligkeit | CVE-Nummer | Öffentlich gemeldet |\n|---|---|---|\n| Microsoft Office führt Code aus | CVE-2016-7298 | Nein |\n", "product", ""},
	{"a table of titles has titles", "de", "MS16-999",
		"#### Sicherheitsanfälligkeit\n\n| Titel der Sicherheitsanfälligkeit | CVE-Nummer | Öffentlich gemeldet |\n|---|---|---|\n| Microsoft Office führt Code aus | CVE-2016-7298 | Nein |\n", "cve",
		"CVE-2016-7298|Microsoft Office führt Code aus\n"},
	{"a restart that may not be needed", "ja", "MS09-999", "**再起動の必要性**\n\nこの更新プログラムは再起動の必要がない場合もあります。使用中の場合、再起動が必要です。\n", "restart",
		"|maybe|この更新プログラムは再起動の必要がない場合もあります。使用中の場合、再起動が必要です。\n"},
	{"the title of a table of switches is no removal", "ja", "MS10-999",
		"**更新プログラムの削除**\n\nこのセキュリティ更新プログラムは次のセットアップ スイッチをサポートします。\n\n| スイッチ | 説明 |\n|---|---|\n| /quiet | 黙る |\n", "removal", ""},
	{"replaced updates below the head of a severity", "ja", "MS16-999",
		"**影響を受けるソフトウェアと脆弱性の深刻度**\n\n| オペレーティング システム | 欠陥 - CVE-2016-3228 | 総合的な深刻度 |\n|---|---|---|\n| Windows 7 (3161561) | 重要 特権の昇格 | MS16-007 の 3121918 |\n"
		"| Windows 8 (3162343) | 重要 特権の昇格 | なし |\n",
		"replaces", "MS16-007|3121918|Windows 7|3161561|yes\n"},
	{"nothing replaced is no severity", "ja", "MS16-999",
		"**影響を受けるソフトウェアと脆弱性の深刻度**\n\n| オペレーティング システム | 欠陥 - CVE-2016-3228 | 総合的な深刻度 |\n|---|---|---|\n| Windows 7 (3161561) | 重要 特権の昇格 | MS16-007 の 3121918 |\n"
		"| Windows 8 (3162343) | 重要 特権の昇格 | なし |\n",
		"rating", "Windows 7|CVE-2016-3228||3161561||important\nWindows 8|CVE-2016-3228||3162343||important\n"},
	{"the replaced article, not the one that replaces it", "de", "MS12-999",
		"**Betroffene Software**\n\n| Betriebssystem | Bewertung des Gesamtschweregrads | Ersetzte Updates |\n|---|---|---|\n| Windows 7 (KB2778930) | Hoch | KB2779030 in MS12-078 wird durch KB2778930 ersetzt |\n", "replaces",
		"MS12-078|2779030|Windows 7|2778930|yes\n"},
	{"a head that no pack knows", "ja", "MS13-999", "影響を受けないソフトウェア\n\n| Microsoft サーバー ソフトウェア |\n|---|\n| Exchange Server 2003 |\n", "product", "no|Exchange Server 2003|\n"},
	{"a bold name among the unaffected", "ja", "MS06-999", "**影響を受けないソフトウェア:**\n\n**Microsoft PowerPoint 2003 Viewer**\n\n**Microsoft Works Suites:**\n\n-   Works Suite 2004\n", "product",
		"no|Microsoft PowerPoint 2003 Viewer|\nno|Works Suite 2004|\n"},
	{"a bold line over a list of unaffected ones", "ja", "MS06-999", "**影響を受けないソフトウェア:**\n\n**テストした Windows 2000 コンポーネント**\n\n-   Internet Explorer 5\n", "product", "no|Internet Explorer 5|\n"},
	{"undoing by another name", "de", "MS15-999",
		"### Problemumgehungen\n\n**Zugriff einschränken**\n\nSchließen.\n\n**Auswirkung der Problemumgehung.** Nichts geht.\n\n**Rückgängigmachen der Problemumgehung.**\n\nÖffnen.\n", "work",
		"Zugriff einschränken|Nichts geht.|Öffnen.|0\n"},
	{"a class id is a key of its own", "ja", "MS13-999",
		"#### Microsoft Lync 2010\n\n<table><tr><td>レジストリ キーの確認</td><td>HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Active Setup\\Installed Components\\{0EEB34F6-991D-4a1b-8EEB-772DA0EADB22}<br />\nVersion = 7577.4392</td></tr></table>\n",
		"key", "{0EEB34F6-991D-4a1b-8EEB-772DA0EADB22}|Microsoft Lync 2010|Version|7577.4392\n"},
	{"a blank in an article's key", "ja", "MS06-999", "**レジストリ キーの確認**\n\nHKEY\\_LOCAL\\_MACHINE\\\\SOFTWARE\\\\Microsoft\\\\Updates\\\\Windows XP\\\\SP3\\\\KB 926255\n", "key", "KB926255|||\n"},
	{"a package without an article in its name", "ja", "MS13-999",
		"#### Microsoft Lync 2010\n\n<table><tr><td>展開</td><td>Microsoft Lync 2010 (64 ビット) の場合 (2843160):<br />\nlync.msp</td></tr></table>\n", "installer", "lync.msp||Microsoft Lync 2010 (64 ビット)\n"},
	{"a row of a flaw has a column for its impact", "ja", "MS06-999",
		"**深刻度および脆弱性識別番号 :**\n\n| 脆弱性識別番号 | 脆弱性の影響 | Windows 2000 | Windows XP |\n|---|---|---|---|\n| 欠陥 - CVE-2006-1111 | 特権の昇格 | 重要 | なし |\n", "rated impact",
		"Windows 2000|CVE-2006-1111|elevation-of-privilege|2\nWindows XP|CVE-2006-1111|unknown|2\n"},
	{"the article below a picture", "ja", "MS07-999",
		"**影響を受けるソフトウェア**\n\n| オペレーティング システム | PC/AT | 総合的な深刻度 |\n|---|---|---|\n| Windows 2000 | ![](x.gif)(KB924053) | 緊急 |\n", "product", "yes|Windows 2000|924053\n"},
	{"the article below a picture, in a table without a head", "ja", "MS04-999",
		"**影響を受けるソフトウェア**\n\n|  | PC/AT |\n|---|---|\n| Windows 2000 | ![](x.gif)(KB833987) |\n", "product", "yes|Windows 2000|833987\n"},
	{"a file behind a key", "ja", "MS07-999", "#### 欠陥の回避策 - CVE-2007-1111\n\n-   **ハンドラを無効にする**\n\n    reg.exe export HKCR\\\\.cbl c:\\\\cbl.reg\n\n    reg.exe delete HKCR\\\\.cbl /f\n", "key",
		".cbl|||\n"},
	{"an impact in other words", "ja", "MS01-999", "**脆弱性の影響** **:**\nアカウント情報が悪質なサーバーによって取得される\n", "head", "|information-disclosure\n"},
	{"one flaw under two years", "ja", "MS05-999", "**脆弱性識別番号 :**\n\n-   フォントの脆弱性 : CAN-2005-0060\n-   フォントの脆弱性 : CAN-2004-0060\n", "contradiction", "cve.year\n"},
};

static struct pack *pack_of(const char *language)
{
	unsigned    line;
	const char *why;

	for (const struct pack_source *s = pack_sources; s->text; s++)
		if (strcmp(s->name, language) == 0)
			return pack_read(s->text, s->n, &line, &why);
	return NULL;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct pack    *pack = pack_of(samples[i].language);
		struct bulletin b;
		const char     *why;
		char            text[TEXT_SIZE], *got = NULL;
		size_t          n = 0;
		FILE           *to = open_memstream(&got, &n);
		int             length = snprintf(text, sizeof(text), "# Security %s\n\n%s", samples[i].id, samples[i].text);
		bool            good = pack && to && length > 0 && (size_t)length < sizeof(text) && bulletin_read(pack, "x.md", text, (size_t)length, &b, &why);

		if (good)
			facts_of(&b, samples[i].kind, to);
		if (to)
			fclose(to);
		if (!tap_ok(good && strcmp(got, samples[i].want) == 0, "%s", samples[i].why))
			tap_note("got: %s", got ? got : why);
		if (pack && to)
			bulletin_close(&b);
		free(got);
		pack_close(&pack);
	}
	return tap_done();
}
