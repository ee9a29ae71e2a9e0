package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// mostCopies bounds the names of one range.
const mostCopies = 10000

var (
	nameRange  = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)
	lastNumber = regexp.MustCompile(`\d+`)
)

// expandName is the names that a name with a range such as meter-{2..11} means.
// Shells that know such ranges expand them before we see them. Leading zeros of
// the first number stay: {01..10}.
func expandName(name string) ([]string, error) {
	at := nameRange.FindStringSubmatchIndex(name)
	if at == nil {
		if strings.ContainsAny(name, "{}") {
			return nil, fmt.Errorf("name %q: a range is written {2..11}", name)
		}
		return []string{name}, nil
	}
	first, last := name[at[2]:at[3]], name[at[4]:at[5]]
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err != nil || err2 != nil || to < from || to-from >= mostCopies {
		return nil, fmt.Errorf("name %q: the range must go up, to %d names at most", name, mostCopies)
	}
	rest, err := expandName(name[at[1]:])
	if err != nil {
		return nil, err
	}
	if len(rest)*(to-from+1) > mostCopies {
		return nil, fmt.Errorf("name %q: the range must go up, to %d names at most", name, mostCopies)
	}
	width := 0
	if strings.HasPrefix(first, "0") {
		width = len(first)
	}
	var all []string
	for n := from; n <= to; n++ {
		for _, tail := range rest {
			all = append(all, fmt.Sprintf("%s%0*d%s", name[:at[0]], width, n, tail))
		}
	}
	return all, nil
}

// variables are what the value of a property may be reckoned with: n is the
// last number in the name of the copy, i counts the copies from 1.
type variables struct {
	n, i     int
	numbered bool // the name has a number
}

func variablesOf(name string, i int) variables {
	all := lastNumber.FindAllString(name, -1)
	if len(all) == 0 {
		return variables{i: i}
	}
	n, err := strconv.Atoi(all[len(all)-1])
	return variables{n: n, i: i, numbered: err == nil}
}

// fill puts the results of expressions into a text: of "10.0.0.{n+10}" for the
// copy meter-2, 10.0.0.12.
func (v variables) fill(text string) (string, error) {
	var out strings.Builder
	for {
		before, after, more := strings.Cut(text, "{")
		out.WriteString(before)
		if !more {
			return out.String(), nil
		}
		expression, rest, closed := strings.Cut(after, "}")
		if !closed {
			return "", fmt.Errorf("{%s has no }", expression)
		}
		result, err := v.reckon(expression)
		if err != nil {
			return "", fmt.Errorf("{%s}: %w", expression, err)
		}
		out.WriteString(strconv.Itoa(result))
		text = rest
	}
}

// largestResult bounds products; no property takes more.
const largestResult = math.MaxInt32

var errExpression = errors.New("write a sum of numbers, n and i, such as {n}, {n+10} or {100*n-100}; n is the last number in the name of the copy, i counts the copies")

// reckon is a sum of products: 100*n-100.
func (v variables) reckon(expression string) (sum int, err error) {
	text := strings.ReplaceAll(expression, " ", "")
	if text == "" {
		return 0, errExpression
	}
	if text[0] != '-' && text[0] != '+' {
		text = "+" + text
	}
	for text != "" {
		sign := 1
		switch text[0] {
		case '+':
		case '-':
			sign = -1
		}
		end := strings.IndexAny(text[1:], "+-") + 1
		if end == 0 {
			end = len(text)
		}
		product := int64(sign) // int has 32 bits on small machines
		for factor := range strings.SplitSeq(text[1:end], "*") {
			f, err := v.factor(factor)
			if err != nil {
				return 0, err
			}
			if product *= int64(f); product > largestResult || product < -largestResult {
				return 0, errExpression
			}
		}
		sum += int(product)
		text = text[end:]
	}
	return sum, nil
}

func (v variables) factor(text string) (int, error) {
	switch text {
	case "n":
		if !v.numbered {
			return 0, errors.New("the name of the copy has no number; i counts the copies")
		}
		return v.n, nil
	case "i":
		return v.i, nil
	}
	if f, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(f), nil
	}
	return 0, errExpression
}
