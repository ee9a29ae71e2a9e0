// Package locale writes numbers as people of a country do: with the groups,
// signs and digits of its language.
package locale

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Of returns how numbers are written in a locale: a language and a country,
// with a script between them where need be, joined by _ or -, such as de_CH or
// zh-Hant-TW. Other forms of a locale, and names that do not exist, are errors.
func Of(name string) (*Numbers, error) {
	if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), posix) {
		return styleOf(posix, posix), nil
	}
	language, script, country, err := parse(name)
	if err != nil {
		return nil, fmt.Errorf("locale %q %w; write it as de_DE", name, err)
	}
	if script != "" {
		language += "-" + script
	}
	return styleOf(language+"-"+country, language), nil
}

// posix is the one locale of the tables that has a variant.
const posix = "en-US-POSIX"

// entry is the style of a tag.
type entry struct {
	tag   string
	style uint8
}

// styleOf is the style of the first tag that has an entry.
func styleOf(tags ...string) *Numbers {
	for _, tag := range tags {
		i, ok := slices.BinarySearchFunc(entries[:], tag, func(e entry, tag string) int { return strings.Compare(e.tag, tag) })
		if ok {
			return &styles[entries[i].style]
		}
	}
	return &styles[0]
}

// parse splits a name into subtags that exist, each in its usual case and by
// its usual name.
func parse(name string) (language, script, country string, err error) {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' })
	if len(parts) != strings.Count(name, "_")+strings.Count(name, "-")+1 || len(parts) > 3 {
		return "", "", "", errors.New("is no language with a country")
	}
	if len(parts) < 2 || len(parts) == 2 && len(parts[1]) == 4 {
		return "", "", "", errors.New("has no country")
	}
	language = strings.ToLower(parts[0])
	if !isLanguage(language) {
		return "", "", "", fmt.Errorf("has no known language: %q", parts[0])
	}
	language, script, _ = strings.Cut(usual(languageAliases, language), "-")
	if len(parts) == 3 {
		script = capital(parts[1])
		if !isOneOf(scripts, script) {
			return "", "", "", fmt.Errorf("has no known script: %q", parts[1])
		}
	}
	last := parts[len(parts)-1]
	country = usual(countryAliases, strings.ToUpper(last))
	if !isOneOf(countries, country) {
		return "", "", "", fmt.Errorf("has no known country: %q", last)
	}
	return language, script, country, nil
}

func capital(s string) string {
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}

// isOneOf looks a word up in a list of words between blanks.
func isOneOf(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// usual replaces an alias by what stands behind its colon in the list.
func usual(list, word string) string {
	_, rest, ok := strings.Cut(list, " "+word+":")
	if !ok {
		return word
	}
	rest, _, _ = strings.Cut(rest, " ")
	return rest
}

func isLanguage(s string) bool {
	if len(s) != 3 {
		return isOneOf(shortLanguages, s)
	}
	n := 0
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			return false
		}
		n = n*26 + int(c-'a')
	}
	// Four digits of base64 hold 24 bits.
	bits, err := base64.RawStdEncoding.DecodeString(longLanguages[n/24*4 : min(n/24*4+4, len(longLanguages))])
	return err == nil && bits[n%24/8]&(0x80>>(n%8)) != 0
}
