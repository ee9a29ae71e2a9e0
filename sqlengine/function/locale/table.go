package locale

// The tables of this file were made from what golang.org/x/text v0.43.0 prints
// and accepts, whose data are those of the Unicode CLDR, release 32, and of
// the IANA registry of language subtags: see NOTICE.

// styles are the ways to write numbers; the first one is that of locales
// without data of their own.
var styles = [...]Numbers{
	{minus: "-", decimal: ".", group: ",", zero: '0', secondary: 3},
	{minus: "-", decimal: ",", group: "\u00a0", zero: '0', secondary: 3},
	{minus: "\u061c-", decimal: "\u066b", group: "\u066c", zero: '\u0660', secondary: 3},
	{minus: "\u200e-", decimal: ".", group: ",", zero: '0', secondary: 3},
	{minus: "\u200e-", decimal: ",", group: ".", zero: '0', secondary: 3},
	{minus: "-", decimal: ".", group: ",", zero: '\u09e6', secondary: 2},
	{minus: "-", decimal: ".", group: ",", zero: '0', secondary: 2},
	{minus: "-", decimal: ",", group: ".", zero: '0', secondary: 3},
	{minus: "-", decimal: ".", group: ",", zero: '\U00011136', secondary: 2},
	{minus: "\u200f-", decimal: "\u066b", group: "\u066c", zero: '\u0660', secondary: 3},
	{minus: "-", decimal: ".", group: "\u2019", zero: '0', secondary: 3},
	{minus: "-", decimal: ".", group: "\u00a0", zero: '0', secondary: 3},
	{minus: "-", decimal: ".", group: ",", zero: '\u0f20', secondary: 2},
	{minus: "-", decimal: ".", group: "", zero: '0', secondary: 0},
	{minus: "\u2212", decimal: ",", group: "\u00a0", zero: '0', secondary: 3},
	{minus: "\u2212", decimal: ",", group: ".", zero: '0', secondary: 3},
	{minus: "\u200e\u2212", decimal: "\u066b", group: "\u066c", zero: '\u06f0', secondary: 3},
	{minus: "\u200e\u2212", decimal: ".", group: ",", zero: '0', secondary: 3},
	{minus: "\u2212", decimal: ".", group: "\u2019", zero: '0', secondary: 3},
	{minus: "\u200e-\u200e", decimal: "\u066b", group: "\u066c", zero: '\u06f0', secondary: 2},
	{minus: "\u200e-", decimal: ".", group: ",", zero: '0', secondary: 2},
	{minus: "\u200e-\u200e", decimal: "\u066b", group: "\u066c", zero: '\u06f0', secondary: 3},
	{minus: "-", decimal: ".", group: ",", zero: '\u0966', secondary: 2},
	{minus: "-", decimal: ".", group: ",", zero: '\u1040', secondary: 3},
	{minus: "-", decimal: ".", group: ",", zero: '\u0966', secondary: 3},
	{minus: "\u200e\u2212", decimal: ",", group: ".", zero: '0', secondary: 3},
	{minus: "-", decimal: ",", group: "\u2019", zero: '0', secondary: 3},
}

// entries are the styles of languages, of languages in a script, and of the
// countries where these are written in another way, sorted by tag.
var entries = [...]entry{
	{"af", 1}, {"af-Latn", 1}, {"agq", 1}, {"agq-Latn", 1}, {"ar", 2}, {"ar-AE", 3}, {"ar-Arab", 2}, {"ar-BH", 3},
	{"ar-DJ", 3}, {"ar-DZ", 4}, {"ar-EG", 3}, {"ar-EH", 3}, {"ar-ER", 3}, {"ar-IL", 3}, {"ar-IQ", 3}, {"ar-JO", 3},
	{"ar-KM", 3}, {"ar-KW", 3}, {"ar-LB", 4}, {"ar-LY", 4}, {"ar-MA", 4}, {"ar-MR", 4}, {"ar-OM", 3}, {"ar-PS", 3},
	{"ar-QA", 3}, {"ar-SA", 3}, {"ar-SD", 3}, {"ar-SO", 3}, {"ar-SS", 3}, {"ar-SY", 3}, {"ar-TD", 3}, {"ar-TN", 4},
	{"ar-YE", 3}, {"as", 5}, {"as-Beng", 5}, {"as-IN", 6}, {"ast", 7}, {"ast-Latn", 7}, {"az", 7}, {"az-Cyrl", 7},
	{"az-IQ", 0}, {"az-IR", 0}, {"az-Latn", 7}, {"bas", 1}, {"bas-Latn", 1}, {"be", 1}, {"be-Cyrl", 1}, {"bg", 1},
	{"bg-Cyrl", 1}, {"bn", 5}, {"bn-BD", 6}, {"bn-Beng", 5}, {"bn-IN", 6}, {"br", 1}, {"br-Latn", 1}, {"brx", 6},
	{"brx-Deva", 6}, {"bs", 7}, {"bs-Cyrl", 7}, {"bs-Latn", 7}, {"ca", 7}, {"ca-Latn", 7}, {"ccp", 8}, {"ccp-BD", 6},
	{"ccp-Cakm", 8}, {"ccp-IN", 6}, {"ckb", 9}, {"ckb-Arab", 9}, {"ckb-IQ", 0}, {"ckb-IR", 0}, {"cs", 1}, {"cs-Latn", 1},
	{"cu", 1}, {"cu-Cyrl", 1}, {"da", 7}, {"da-Latn", 7}, {"de", 7}, {"de-AT", 1}, {"de-CH", 10}, {"de-LI", 10},
	{"de-Latn", 7}, {"dje", 11}, {"dje-Latn", 11}, {"dsb", 7}, {"dsb-Latn", 7}, {"dua", 1}, {"dua-Latn", 1}, {"dyo", 1},
	{"dyo-Latn", 1}, {"dz", 12}, {"dz-BT", 6}, {"dz-Tibt", 12}, {"el", 7}, {"el-Grek", 7}, {"en-AT", 7}, {"en-BE", 7},
	{"en-CH", 7}, {"en-DE", 7}, {"en-DK", 7}, {"en-FI", 1}, {"en-IN", 6}, {"en-Latn-AT", 7}, {"en-Latn-CH", 7},
	{"en-Latn-DE", 7}, {"en-Latn-DK", 7}, {"en-Latn-FI", 7}, {"en-Latn-NL", 7}, {"en-Latn-SE", 7}, {"en-Latn-SI", 7},
	{"en-NL", 7}, {"en-SE", 1}, {"en-SI", 7}, {"en-US-POSIX", 13}, {"en-ZA", 1}, {"eo", 14},
	{"eo-Latn", 14}, {"es", 7}, {"es-BR", 0}, {"es-BZ", 0}, {"es-CR", 1}, {"es-CU", 0}, {"es-DO", 0}, {"es-GT", 0},
	{"es-HN", 0}, {"es-Latn", 7}, {"es-Latn-AR", 0}, {"es-Latn-BO", 0}, {"es-Latn-BR", 0}, {"es-Latn-BZ", 0},
	{"es-Latn-CL", 0}, {"es-Latn-CO", 0}, {"es-Latn-CR", 0}, {"es-Latn-CU", 0}, {"es-Latn-DO", 0}, {"es-Latn-EC", 0},
	{"es-Latn-GT", 0}, {"es-Latn-HN", 0}, {"es-Latn-MX", 0}, {"es-Latn-NI", 0}, {"es-Latn-PA", 0}, {"es-Latn-PE", 0},
	{"es-Latn-PR", 0}, {"es-Latn-PY", 0}, {"es-Latn-SV", 0}, {"es-Latn-US", 0}, {"es-Latn-UY", 0}, {"es-Latn-VE", 0},
	{"es-MX", 0}, {"es-NI", 0}, {"es-PA", 0}, {"es-PE", 0}, {"es-PR", 0}, {"es-SV", 0}, {"es-US", 0}, {"et", 14},
	{"et-Latn", 14}, {"eu", 15}, {"eu-Latn", 15}, {"ewo", 1}, {"ewo-Latn", 1}, {"fa", 16}, {"fa-AF", 17}, {"fa-Arab", 16},
	{"fa-IR", 17}, {"ff", 1}, {"ff-Latn", 1}, {"fi", 14}, {"fi-Latn", 14}, {"fo", 15}, {"fo-Latn", 15}, {"fr", 1},
	{"fr-LU", 7}, {"fr-Latn", 1}, {"fr-MA", 7}, {"fur", 7}, {"fur-Latn", 7}, {"fy", 7}, {"fy-Latn", 7}, {"gl", 7},
	{"gl-Latn", 7}, {"gsw", 18}, {"gsw-Latn", 18}, {"gu", 6}, {"gu-Gujr", 6}, {"he", 3}, {"he-Hebr", 3}, {"hi", 6},
	{"hi-Deva", 6}, {"hr", 7}, {"hr-Latn", 7}, {"hsb", 7}, {"hsb-Latn", 7}, {"hu", 1}, {"hu-Latn", 1}, {"hy", 1},
	{"hy-Armn", 1}, {"id", 7}, {"id-Latn", 7}, {"is", 7}, {"is-Latn", 7}, {"it", 7}, {"it-CH", 10}, {"it-Latn", 7},
	{"jgo", 7}, {"jgo-Latn", 7}, {"ka", 1}, {"ka-Geor", 1}, {"kab", 1}, {"kab-Latn", 1}, {"kea", 1}, {"kea-Latn", 1},
	{"khq", 11}, {"khq-Latn", 11}, {"kk", 1}, {"kk-AF", 0}, {"kk-CN", 0}, {"kk-Cyrl", 1}, {"kk-IR", 0}, {"kk-MN", 0},
	{"kkj", 7}, {"kkj-Latn", 7}, {"kl", 15}, {"kl-Latn", 15}, {"km", 7}, {"km-Khmr", 7}, {"kok", 6}, {"kok-Deva", 6},
	{"ks", 19}, {"ks-Arab", 19}, {"ks-IN", 20}, {"ksf", 1}, {"ksf-Latn", 1}, {"ksh", 14}, {"ksh-Latn", 14}, {"ky", 1},
	{"ky-CN", 0}, {"ky-Cyrl", 1}, {"ky-TR", 0}, {"lb", 7}, {"lb-Latn", 7}, {"ln", 7}, {"ln-Latn", 7}, {"lo", 7},
	{"lo-Laoo", 7}, {"lrc", 21}, {"lrc-Arab", 21}, {"lrc-IQ", 0}, {"lrc-IR", 0}, {"lt", 14}, {"lt-Latn", 14}, {"lu", 7},
	{"lu-Latn", 7}, {"lv", 1}, {"lv-Latn", 1}, {"mfe", 11}, {"mfe-Latn", 11}, {"mgh", 7}, {"mgh-Latn", 7}, {"mk", 7},
	{"mk-Cyrl", 7}, {"ml", 6}, {"ml-Mlym", 6}, {"mr", 22}, {"mr-Deva", 22}, {"mr-IN", 6}, {"ms-BN", 7}, {"mua", 7},
	{"mua-Latn", 7}, {"my", 23}, {"my-MM", 0}, {"my-Mymr", 23}, {"mzn", 21}, {"mzn-Arab", 21}, {"mzn-IR", 0}, {"nb", 14},
	{"nb-Latn", 14}, {"nds", 7}, {"nds-Latn", 7}, {"ne", 24}, {"ne-Deva", 24}, {"ne-IN", 0}, {"ne-NP", 0}, {"nl", 7},
	{"nl-Latn", 7}, {"nmg", 1}, {"nmg-Latn", 1}, {"nn", 14}, {"nn-Latn", 14}, {"nnh", 7}, {"nnh-Latn", 7}, {"or", 6},
	{"or-Orya", 6}, {"os", 1}, {"os-Cyrl", 1}, {"pa", 6}, {"pa-Arab", 21}, {"pa-Arab-PK", 3}, {"pa-Guru", 6}, {"pa-PK", 3},
	{"pl", 1}, {"pl-Latn", 1}, {"prg", 1}, {"prg-Latn", 1}, {"ps", 21}, {"ps-AF", 25}, {"ps-Arab", 21}, {"pt", 7},
	{"pt-AO", 1}, {"pt-CH", 1}, {"pt-CV", 1}, {"pt-GQ", 1}, {"pt-GW", 1}, {"pt-LU", 1}, {"pt-Latn", 7}, {"pt-Latn-AO", 1},
	{"pt-Latn-CH", 1}, {"pt-Latn-CV", 1}, {"pt-Latn-GQ", 1}, {"pt-Latn-GW", 1}, {"pt-Latn-LU", 1}, {"pt-Latn-MO", 1},
	{"pt-Latn-MZ", 1}, {"pt-Latn-ST", 1}, {"pt-Latn-TL", 1}, {"pt-MO", 1}, {"pt-MZ", 1}, {"pt-PT", 1}, {"pt-ST", 1},
	{"pt-TL", 1}, {"qu-BO", 7}, {"rm", 18}, {"rm-Latn", 18}, {"rn", 7}, {"rn-Latn", 7}, {"ro", 7}, {"ro-Latn", 7},
	{"ru", 1}, {"ru-Cyrl", 1}, {"rw", 7}, {"rw-Latn", 7}, {"sah", 1}, {"sah-Cyrl", 1}, {"sd", 2}, {"sd-Arab", 2},
	{"sd-PK", 0}, {"se", 14}, {"se-Latn", 14}, {"seh", 7}, {"seh-Latn", 7}, {"ses", 11}, {"ses-Latn", 11}, {"sg", 7},
	{"sg-Latn", 7}, {"shi", 1}, {"shi-Latn", 1}, {"shi-Tfng", 1}, {"sk", 1}, {"sk-Latn", 1}, {"sl", 15}, {"sl-Latn", 15},
	{"smn", 1}, {"smn-Latn", 1}, {"sq", 1}, {"sq-Latn", 1}, {"sr", 7}, {"sr-Cyrl", 7}, {"sr-Latn", 7}, {"sv", 14},
	{"sv-Latn", 14}, {"sw-CD", 7}, {"ta", 6}, {"ta-MY", 0}, {"ta-SG", 0}, {"ta-Taml", 6}, {"tg", 1}, {"tg-Cyrl", 1},
	{"tg-PK", 0}, {"tk", 1}, {"tk-Latn", 1}, {"tr", 7}, {"tr-Latn", 7}, {"tt", 1}, {"tt-Cyrl", 1}, {"twq", 11},
	{"twq-Latn", 11}, {"tzm", 1}, {"tzm-Latn", 1}, {"uk", 1}, {"uk-Cyrl", 1}, {"und-AZ", 7}, {"und-BA", 7}, {"und-ME", 7},
	{"und-RS", 7}, {"und-UZ", 1}, {"ur", 3}, {"ur-Arab", 3}, {"ur-IN", 21}, {"uz", 1}, {"uz-AF", 25}, {"uz-Arab", 21},
	{"uz-Arab-AF", 25}, {"uz-Cyrl", 1}, {"uz-Latn", 1}, {"vi", 7}, {"vi-Latn", 7}, {"wae", 26}, {"wae-Latn", 26},
	{"wo", 7}, {"wo-Latn", 7}, {"yav", 1}, {"yav-Latn", 1}, {"zgh", 1}, {"zgh-Tfng", 1},
}

// shortLanguages are the languages of two letters.
const shortLanguages = " " +
	"aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee " +
	"el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io " +
	"is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk " +
	"ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc " +
	"sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve " +
	"vi vo wa wo xh yi yo za zh zu "

// longLanguages are the languages of three letters, a bit each from aaa to
// zzz, six of them in a digit of base64.
const longLanguages = "" +
	"/7//f////dvf/39f7/g86vbp3h////8O/cD///OgoU6f/7//////7//////////Hl////7I9UH7////////v//////v2L48Puuf5KOAE+7/5/p" +
	"OEH////////////v///////////+/+////////9///////9//////9//////v//9////7///9////////v//+///////////9////7///73///" +
	"f/////////79v6u1/gL/OYPCNDCkggAKIgAD//9/+S1ComvZLBHv3ufoaqq+cDjs/s/3//+6HKYQAAg///3////+7Hzj4/v/gIEADaABAAQAAM" +
	"AKAAJJhAv//v97f3ogAEAmsZiD+97EAAAA+7Z7ZKebz3////P5KIIwYQCLAA/j5vprmXrtt/fAAEAAAAAD7lvqSbaAdGveL////gAAAIAwasAA" +
	"AA0o5IpoWACAAAAIiJIAAAYIAAAACAAAIiAACAGgGAAAoAABFCAAAAqrtAgm7CTKr6v9x7PAAAEAAggAAAAAIOicgLvrmYQZ5RAAoAJBAACAIA" +
	"AAAECAAgAiAAANf/ecAEAAAAAgAAAAAAAEAAIgAAAAQAAAAAjFVaAAAAAAIAQgZRAgABCBCgAAEIxhAgAAAAACAuCvwggQIAAAAAfdzcgAAQCI" +
	"AAAAAAAAAAAAAAAA///////788FFA//75Pf658AIBE2jZaKk2cD7n/vAKxIJgHCD78k62xzP/v+2n////iAQAICESD77v/Ch8iICACD///9rF9" +
	"gv7MWwAAAE3p5A4CEAD////wAYoIEAAAABCC04hAAAAAAACAIAIBAtf+UwAgAAiSQgNgAGD////m8YoPn7dsAAiAAAAAKgrX1BFCAAIIpH///8" +
	"oJAQoAIAAAAACIAAMAAAAACFQDbnkiiRBAPiCeAAAAAzCgIkoeIhAgQIAIRAChGIAJs39yrsuIiWcL7XzBAABKACiAAAAAoiaZJru+WD4unfAA" +
	"gAEAABAAKiAIBAAIACAQBiEB/X79wjuWgAADAggAQEu0WAAAAASCIAACAID7mpyCABAIALaAIACA8JRjJLQIBSAGIgARBAAAQDAAFgABAAAAAA" +
	"Dxv3qEAQAACAAAAAAAiAAAgAAAD////////////+//9/////////////+////////////3//////////////v//7/////////////3/f//////" +
	"/////////////////3////////////////u/v/PRmgNP/gD////gAQAMO++GBnTg////4iRAz53ni//+pP//z/T3ip7///4gGAQAAEAqr5Ufuf" +
	"dojhih/v/+4CwKCLGjoAAgAIIEAABFAB/////3/////////3/////v///////////+////v+///////////9///f////+////+///+////////" +
	"////////77//337////////////////v///////////v//+X/////+//5AQSD/////6/f//+//R3nn/+//br+z/////////////vDlimAj6Qu6" +
	"9WX/v//Gutr////8BCgA6opDpq+yT///+0Kho6AARAAulggYoIIAgGAAAAAAAIoGoCCAAABgiAQAGKBJj7/m1mCpYOq337K53sEgRgIAqEIAAA" +
	"Aq45/6CHOTYvvvyIwABAAAAAkAAAAAAFAIAIACAA/7//2+ffP//UIoIYYN/75eIEAAkrQo5P+3j/33/AAAQOMHeD/9/7/f77/v//8/v/fiL/4I" +
	"gIAj/v/vu5/6oGH3r+6/vAAAAMKOQgACAACAwpgkEAD///////////////////////////////////////////////////////////////////" +
	"////////////////////+95+p3yLqQgwKEX+iAAQAAAAAPf//9AMQABAAAEAAADK3HCAAAAIgkaACAQAzBxYAKAIDBiBIAAAAP+///SFUI/x9K" +
	"AAEEAAAAAAIIQEC8AghCCIb6+4wAAACAOkAEAACAAEKABAAA/////////Pt7873/9f///tICCI+/97/v///f///2j96P/v/+///////////7/7" +
	"///+r/9oHu+T/v//////9///rq/vf6ChhO///5qPmo8L5jvoVJr/////////+/u///v2/7//wCGUD/9//vb3/////+C3yo3j3/ff//7///7/7/" +
	"/3//7+u/9/QB/aP///////////+////+Yvju/5/buvO+aJ1X3gV4BAAMQCAkEiAAAAIrYCAAACAAIAAMkGAKABAAAgAkACAACDse67LwKvKPaC" +
	"arUlACQAACABAAAAA//9f4GhKCJAUgAAxIAkQACAAAAAAAAIAAABABCAj99skAgAAAAAAAAAADAfQAAAAAAABQAAAAA+FDQACAAID/GEAASA//" +
	"nvwApAAAEFAAAAAAAAACAAjAAJAEAACAAADBAAAAAIAAAAAAAAAAAAAAAAD////zfn2ICAAASYBis596AIAADCggqgiAIG/8XqAgAA0BBKqu+b" +
	"77jjMeq8Kv6+YogAAAAAAANO/b+CoGwRagCNEcXYAAAAwAJCIAAAjAjECAAAAPr//r6z0Oax5eqAqgJSGXggAAANacSi4ClwwJVkkAAED/9//+" +
	"ocov9///T7vjMq9CP///+AABA2ozaPnf7L73/70l9YAiGIC6clIQChQMBwEIBCQA////9n+AYBFUAmiAgKjUfIAAAAgJlqJAQICX/f3AAAAIO+" +
	"WLKnki+7/xZs2qBCvHGwy8AQAAADIviKMh9goARAr+/dvgAAQIIU2iCGAiAABIQIgAD/+//qBAaJEAAAAQAAgwwAAAAADBDEA0IYDMA8QkAAAA" +
	"0ydcYhMqj////miAgCEK4D////CAAAIIHICAOEgCh25oEcAIAAAAgAAAAAAARCRQAgEAAA"

// scripts are the scripts that a locale may name.
const scripts = " " +
	"Adlm Afak Aghb Ahom Arab Aran Armi Armn Avst Bali Bamu Bass Batk Beng Bhks Blis Bopo Brah Brai Bugi Buhd Cakm " +
	"Cans Cari Cham Cher Chrs Cirt Copt Cpmn Cprt Cyrl Cyrs Deva Diak Dogr Dsrt Dupl Egyd Egyh Egyp Elba Elym Ethi " +
	"Geok Geor Glag Gong Gonm Goth Gran Grek Gujr Guru Hanb Hang Hani Hano Hans Hant Hatr Hebr Hira Hluw Hmng Hmnp " +
	"Hrkt Hung Inds Ital Jamo Java Jpan Jurc Kali Kana Kawi Khar Khmr Khoj Kitl Kits Knda Kore Kpel Kthi Lana Laoo " +
	"Latf Latg Latn Leke Lepc Limb Lina Linb Lisu Loma Lyci Lydi Mahj Maka Mand Mani Marc Maya Medf Mend Merc Mero " +
	"Mlym Modi Mong Moon Mroo Mtei Mult Mymr Nagm Nand Narb Nbat Newa Nkdb Nkgb Nkoo Nshu Ogam Olck Orkh Orya Osge " +
	"Osma Ougr Palm Pauc Pcun Pelm Perm Phag Phli Phlp Phlv Phnx Piqd Plrd Prti Psin Qaaa Qaab Qaac Qaad Qaae Qaaf " +
	"Qaag Qaah Qaai Qaaj Qaak Qaal Qaam Qaan Qaao Qaap Qaaq Qaar Qaas Qaat Qaau Qaav Qaaw Qaax Qaay Qaaz Qaba Qabb " +
	"Qabc Qabd Qabe Qabf Qabg Qabh Qabi Qabj Qabk Qabl Qabm Qabn Qabo Qabp Qabq Qabr Qabs Qabt Qabu Qabv Qabw Qabx " +
	"Ranj Rjng Rohg Roro Runr Samr Sara Sarb Saur Sgnw Shaw Shrd Shui Sidd Sind Sinh Sogd Sogo Sora Soyo Sund Sunu " +
	"Sylo Syrc Syre Syrj Syrn Tagb Takr Tale Talu Taml Tang Tavt Telu Teng Tfng Tglg Thaa Thai Tibt Tirh Tnsa Toto " +
	"Ugar Vaii Visp Vith Wara Wcho Wole Xpeo Xsux Yezi Yiii Zanb Zinh Zsye Zsym Zxxx Zyyy "

// countries are the regions that are countries.
const countries = " " +
	"AC AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV " +
	"BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CS CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA EC EE EG " +
	"EH ER ES ET EZ FI FJ FK FM FO FQ FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT " +
	"HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU " +
	"LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NT " +
	"NU NZ OM PA PC PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM " +
	"SN SO SR SS ST SU SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC " +
	"VE VG VI VN VU WF WS XK YE YT YU ZA ZM ZW "

// languageAliases are other names of languages.
const languageAliases = " " +
	"aam:aas aar:aa abk:ab adp:dz afr:af ajp:apc ajt:aeb aka:ak alb:sq amh:am ara:ar arg:an arm:hy asd:snz asm:as " +
	"aue:ktz ava:av ave:ae aym:ay ayx:nun aze:az bak:ba bam:bm baq:eu bel:be ben:bn bgm:bcg bic:bir bih:bh bis:bi " +
	"bjd:drl blg:iba bod:bo bos:bs bre:br bul:bg bur:my cat:ca ccq:rki ces:cs cha:ch che:ce chi:zh chu:cu chv:cv " +
	"cjr:mom cka:cmr cmk:xch cor:kw cos:co coy:pij cqu:quh cre:cr cym:cy cze:cs dan:da deu:de dit:dif div:dv drh:khk " +
	"drr:kzk drw:prs dut:nl dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr " +
	"fre:fr fry:fy ful:ff gav:dev geo:ka ger:de gfx:vaj ggn:gvr gla:gd gle:ga glg:gl gli:kzk glv:gv gre:el grn:gn " +
	"gti:nyc guj:gu guv:duz hat:ht hau:ha hbs:sr-Latn heb:he her:hz hin:hi hmo:ho hrr:jal hrv:hr hun:hu hye:hy " +
	"ibi:opa ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ilw:gal in:id ina:ia ind:id ipk:ik isl:is ita:it iw:he jav:jv " +
	"jeg:oyb ji:yi jpn:ja jw:jv kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk kgc:tdf kgh:kml kgm:plu khm:km kik:ki " +
	"kin:rw kir:ky koj:kwv kom:kv kon:kg kor:ko krm:bmf ktr:dtp kua:kj kur:ku kvs:gdj kwq:yam kxe:tvd kxl:kru kzj:dtp " +
	"kzt:dtp lak:ksp lao:lo lat:la lav:lv lii:raq lim:li lin:ln lit:lt llo:ngt lmm:rmx ltz:lb lub:lu lug:lg mac:mk " +
	"mah:mh mal:ml mao:mi mar:mr may:ms meg:cir mkd:mk mlg:mg mlt:mt mo:ro mol:ro mon:mn mri:mi msa:ms mst:mry " +
	"mwj:vaj mya:my myd:aog myt:mry nad:xny nau:na nav:nv nbl:nr ncp:kdz nde:nd ndo:ng nep:ne nld:nl nno:nn nns:nbr " +
	"nnx:ngv nob:nb nom:cbr nor:no nts:pij nxu:bpp nya:ny oci:oc oji:oj ori:or orm:om oss:os oun:vaj pan:pa pat:kxr " +
	"pcr:adx per:fa pli:pi pmc:huw pmk:crr pmu:phr pol:pl por:pt ppa:bfy ppr:lcq prp:gu pry:prt pus:ps puz:pub " +
	"que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg san:sa sca:hle sh:sr-Latn sin:si skk:oyb slk:sk slo:sk slv:sl " +
	"smd:kmb sme:se smo:sm sna:sn snb:iba snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw " +
	"swe:sv szd:umi tah:ty tam:ta tat:tt tdu:dtp tel:te tgk:tg tgl:fil tha:th thc:tpo thw:ola thx:oyb tib:bo tie:ras " +
	"tir:ti tkk:twm tl:fil tlw:weo tmk:tdg tmp:tyj tne:kak tnf:prs ton:to tpw:tpn tsf:taj tsn:tn tso:ts tuk:tk " +
	"tur:tr twi:tw uig:ug ukr:uk uok:ema urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xba:cax xho:xh " +
	"xia:acn xkh:waw xrq:dmw xss:zko ybd:rki yid:yi yma:lrr ymt:mtm yor:yo yos:zom yuu:yug zha:za zho:zh zir:scv " +
	"zkb:kjh zul:zu "

// countryAliases are other names of countries, among them their numbers.
const countryAliases = " " +
	"004:AF 008:AL 010:AQ 012:DZ 016:AS 020:AD 024:AO 028:AG 031:AZ 032:AR 036:AU 040:AT 044:BS 048:BH 050:BD 051:AM " +
	"052:BB 056:BE 060:BM 064:BT 068:BO 070:BA 072:BW 074:BV 076:BR 084:BZ 086:IO 090:SB 092:VG 096:BN 100:BG 104:MM " +
	"108:BI 112:BY 116:KH 120:CM 124:CA 132:CV 136:KY 140:CF 144:LK 148:TD 152:CL 156:CN 158:TW 162:CX 166:CC 170:CO " +
	"174:KM 175:YT 178:CG 180:CD 184:CK 188:CR 191:HR 192:CU 196:CY 203:CZ 204:BJ 208:DK 212:DM 214:DO 218:EC 222:SV " +
	"226:GQ 230:ET 231:ET 232:ER 233:EE 234:FO 238:FK 239:GS 242:FJ 246:FI 248:AX 249:FR 250:FR 254:GF 258:PF 260:TF " +
	"262:DJ 266:GA 268:GE 270:GM 275:PS 276:DE 278:DE 280:DE 288:GH 292:GI 296:KI 300:GR 304:GL 308:GD 312:GP 316:GU " +
	"320:GT 324:GN 328:GY 332:HT 334:HM 336:VA 340:HN 344:HK 348:HU 352:IS 356:IN 360:ID 364:IR 368:IQ 372:IE 376:IL " +
	"380:IT 384:CI 388:JM 392:JP 398:KZ 400:JO 404:KE 408:KP 410:KR 414:KW 417:KG 418:LA 422:LB 426:LS 428:LV 430:LR " +
	"434:LY 438:LI 440:LT 442:LU 446:MO 450:MG 454:MW 458:MY 462:MV 466:ML 470:MT 474:MQ 478:MR 480:MU 484:MX 492:MC " +
	"496:MN 498:MD 499:ME 500:MS 504:MA 508:MZ 512:OM 516:NA 520:NR 524:NP 528:NL 530:AN 531:CW 533:AW 534:SX 535:BQ " +
	"536:NT 540:NC 548:VU 554:NZ 558:NI 562:NE 566:NG 570:NU 574:NF 578:NO 580:MP 581:UM 583:FM 584:MH 585:PW 586:PK " +
	"591:PA 598:PG 600:PY 604:PE 608:PH 612:PN 616:PL 620:PT 624:GW 626:TL 630:PR 634:QA 638:RE 642:RO 643:RU 646:RW " +
	"652:BL 654:SH 659:KN 660:AI 662:LC 663:MF 666:PM 670:VC 674:SM 678:ST 682:SA 686:SN 688:RS 690:SC 694:SL 702:SG " +
	"703:SK 704:VN 705:SI 706:SO 710:ZA 716:ZW 720:YE 724:ES 728:SS 729:SD 732:EH 736:SD 740:SR 744:SJ 748:SZ 752:SE " +
	"756:CH 760:SY 762:TJ 764:TH 768:TG 772:TK 776:TO 780:TT 784:AE 788:TN 792:TR 795:TM 796:TC 798:TV 800:UG 804:UA " +
	"807:MK 810:SU 818:EG 826:GB 831:GG 832:JE 833:IM 834:TZ 840:US 850:VI 854:BF 858:UY 860:UZ 862:VE 876:WF 882:WS " +
	"886:YE 887:YE 891:CS 894:ZM 983:XK BU:MM CT:KI DD:DE DY:BJ FX:FR HV:BF JT:UM MI:UM NH:VU NQ:AQ PU:UM PZ:PA " +
	"RH:ZW TP:TL UK:GB VD:VN WK:UM YD:YE ZR:CD "
