package locale

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLikeTextOfGo: testdata/printed.txt is what golang.org/x/text prints in
// each of its locales with a country: locale, number, places, text.
func TestLikeTextOfGo(t *testing.T) {
	f, err := os.Open("testdata/printed.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		field := strings.SplitN(s.Text(), " ", 4)
		number, errNumber := strconv.ParseFloat(field[1], 64)
		places, errPlaces := strconv.Atoi(field[2])
		if errNumber != nil || errPlaces != nil {
			t.Fatalf("%s: %v, %v", s.Text(), errNumber, errPlaces)
		}
		n, err := Of(field[0])
		if err != nil {
			t.Error(err)
			continue
		}
		if got := n.Format(strconv.FormatFloat(number, 'f', places, 64)); got != field[3] {
			t.Errorf("%s: %v with %d places is %q, want %q", field[0], number, places, got, field[3])
		}
	}
	if lines != 504 {
		t.Errorf("the file has %d lines, want 504", lines)
	}
}

func TestNames(t *testing.T) {
	for name, like := range map[string]string{
		"DE_ch": "de_CH", "de-CH": "de_CH", "deu_CHE": "", "deu_CH": "de_CH", "de_756": "de_CH", "de_Latn_AT": "de_Latn_DE", "de_US": "de_DE",
		"sh_RS": "sr_Latn_RS", "iw_IL": "he_IL", "en_UK": "en_GB", "uz_Arab_AF": "uz_AF", "no_NO": "en_US", "tlh_US": "en_US", "zh_Hant_TW": "zh_TW",
		"de_Cyrl_DE": "en_US", "und_RS": "sr_RS",
	} {
		got, err := Of(name)
		if like == "" {
			if err == nil {
				t.Errorf("%s is a locale", name)
			}
			continue
		}
		want, errLike := Of(like)
		if err != nil || errLike != nil || got != want {
			t.Errorf("%s is %+v, %v; %s is %+v, %v", name, got, err, like, want, errLike)
		}
	}
}

func TestNoLocales(t *testing.T) {
	for name, want := range map[string]string{
		"":                 `locale "" is no language with a country; write it as de_DE`,
		"ff":               `locale "ff" has no country; write it as de_DE`,
		"zh_Hant":          `locale "zh_Hant" has no country; write it as de_DE`,
		"not_exist_locale": `locale "not_exist_locale" has no known script: "exist"; write it as de_DE`,
		"qx_DE":            `locale "qx_DE" has no known language: "qx"; write it as de_DE`,
		"xxy_DE":           `locale "xxy_DE" has no known language: "xxy"; write it as de_DE`,
		"d€_DE":            `locale "d€_DE" has no known language: "d€"; write it as de_DE`,
		"de_EU":            `locale "de_EU" has no known country: "EU"; write it as de_DE`,
		"de_ZZ":            `locale "de_ZZ" has no known country: "ZZ"; write it as de_DE`,
		"es_419":           `locale "es_419" has no known country: "419"; write it as de_DE`,
		"de__DE":           `locale "de__DE" is no language with a country; write it as de_DE`,
		"de_DE_":           `locale "de_DE_" is no language with a country; write it as de_DE`,
		"de_DE.UTF-8":      `locale "de_DE.UTF-8" has no known script: "DE.UTF"; write it as de_DE`,
		"ca_ES_valencia_x": `locale "ca_ES_valencia_x" is no language with a country; write it as de_DE`,
	} {
		if _, err := Of(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ locale, number, want string }{
		{"en_US", "0", "0"}, {"en_US", "-0.5", "-0.5"}, {"en_US", "999", "999"}, {"en_US", "1000", "1,000"}, {"en_US", "-123456.789", "-123,456.789"},
		{"en_IN", "123456789", "12,34,56,789"}, {"en_IN", "99999", "99,999"}, {"en_US_POSIX", "1234567.5", "1234567.5"}, {"fr_FR", "1234.5", "1\u00a0234,5"},
		{"ar_IN", "-1234.5", "\u061c-١٬٢٣٤٫٥"}, {"sv_SE", "-1.5", "−1,5"},
	} {
		n, err := Of(c.locale)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.Format(c.number); got != c.want {
			t.Errorf("%s in %s is %q, want %q", c.number, c.locale, got, c.want)
		}
	}
}

// TestTable: look-ups need the order, and styles must exist.
func TestTable(t *testing.T) {
	if !slices.IsSortedFunc(entries[:], func(a, b entry) int { return strings.Compare(a.tag, b.tag) }) {
		t.Error("the entries are not sorted")
	}
	for _, e := range entries {
		if int(e.style) >= len(styles) {
			t.Errorf("%s has no style", e.tag)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, name := range []string{"de_DE", "zh-Hant-TW", "en_US_POSIX", "de_276", "sh_RS", "_", "é_É", "aaa-aaaa-aa"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n, err := Of(name)
		if err != nil {
			return
		}
		if got := n.Format("-1234.5"); got == "" {
			t.Errorf("%q writes nothing", name)
		}
	})
}
