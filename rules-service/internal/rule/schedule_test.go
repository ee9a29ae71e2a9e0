package rule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func parseSchedule(t testing.TB, options string) *Schedule {
	t.Helper()
	var note notes
	s := readSchedule(newObject("options.", json.RawMessage(options), &note))
	if len(note.errs)+len(note.warnings) > 0 {
		t.Fatal(note.errs, note.warnings)
	}
	return s
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// Each line is a moment, whether the rule runs then, when to ask again, and when
// it begins next.
func TestSchedule(t *testing.T) {
	zone := berlin(t)
	for _, c := range []struct{ name, options, want string }{
		{"once a day", `{"cron":"0 6 * * *","duration":"2h"}`, `
			2026-01-05 05:59:59 waits, again 2026-01-05 06:00:00, next 2026-01-05 06:00:00
			2026-01-05 06:00:00 runs, again 2026-01-05 08:00:00, next 2026-01-06 06:00:00
			2026-01-05 07:59:59 runs, again 2026-01-05 08:00:00, next 2026-01-06 06:00:00
			2026-01-05 08:00:00 waits, again 2026-01-06 06:00:00, next 2026-01-06 06:00:00`},
		{"runs that overlap", `{"cron":"0 * * * *","duration":"90m"}`, `
			2026-01-05 05:10:00 runs, again 2026-01-05 05:30:00, next 2026-01-05 06:00:00
			2026-01-05 05:30:00 runs, again 2026-01-05 06:30:00, next 2026-01-05 06:00:00`},
		{"ranges alone", `{"cronDatetimeRange":[{"begin":"2026-01-05 06:00:00","end":"2026-01-05 07:00:00"},{"begin":"2026-01-06 06:00:00","end":"2026-01-06 07:00:00"}]}`, `
			2026-01-05 05:00:00 waits, again 2026-01-05 06:00:00, next 2026-01-05 06:00:00
			2026-01-05 06:00:00 runs, again 2026-01-05 07:00:00, next never
			2026-01-05 07:00:00 waits, again 2026-01-06 06:00:00, next 2026-01-06 06:00:00
			2026-01-06 07:00:00 waits, again never, next never`},
		{"a range by stamps", `{"cronDatetimeRange":[{"beginTimestamp":1767589200000,"endTimestamp":1767592800000}]}`, `
			2026-01-05 05:59:59 waits, again 2026-01-05 06:00:00, next 2026-01-05 06:00:00
			2026-01-05 06:00:00 runs, again 2026-01-05 07:00:00, next never`},
		{"times inside ranges", `{"cron":"0 6 * * *","duration":"2h","cronDatetimeRange":[{"begin":"2026-01-05 07:00:00","end":"2026-01-06 06:30:00"},{"begin":"2026-02-01 00:00:00","end":"2026-02-02 00:00:00"}]}`, `
			2026-01-05 06:30:00 waits, again 2026-01-05 07:00:00, next 2026-01-05 07:00:00
			2026-01-05 07:30:00 runs, again 2026-01-05 08:00:00, next 2026-01-06 06:00:00
			2026-01-06 06:00:00 runs, again 2026-01-06 06:30:00, next 2026-02-01 06:00:00
			2026-01-06 06:30:00 waits, again 2026-01-06 08:00:00, next 2026-02-01 06:00:00
			2026-02-01 08:00:00 waits, again 2026-02-02 00:00:00, next never`},
		{"a range on the wall", `{"cronDatetimeRange":[{"begin":"2026-03-29 01:00:00","end":"2026-03-29 04:00:00"}]}`, `
			2026-03-29 01:00:00 runs, again 2026-03-29 04:00:00, next never`},
		{"another zone", `{"cron":"CRON_TZ=UTC 0 5 * * *","duration":"1h"}`, `
			2026-01-05 06:30:00 runs, again 2026-01-05 07:00:00, next 2026-01-06 06:00:00`},
		// 29 March 2026: 02:00 to 03:00 is left out.
		{"clocks go forward", `{"cron":"0 1 * * *","duration":"2h"}`, `
			2026-03-29 01:30:00 runs, again 2026-03-29 04:00:00, next 2026-03-30 01:00:00
			2026-03-29 04:00:00 waits, again 2026-03-30 01:00:00, next 2026-03-30 01:00:00`},
		{"a time that is left out", `{"cron":"30 2 * * *","duration":"1h"}`, `
			2026-03-28 12:00:00 waits, again 2026-03-30 02:30:00, next 2026-03-30 02:30:00`},
		// 25 October 2026: 02:00 to 03:00 comes twice.
		{"clocks go back", `{"cron":"0 1 * * *","duration":"3h"}`, `
			2026-10-25 01:30:00 runs, again 2026-10-25 03:00:00, next 2026-10-26 01:00:00
			2026-10-25 03:00:00 waits, again 2026-10-26 01:00:00, next 2026-10-26 01:00:00`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parseSchedule(t, c.options)
			var got []string
			for _, line := range lines(c.want) {
				now, err := time.ParseInLocation(time.DateTime, line[:len(time.DateTime)], zone)
				if err != nil {
					t.Fatal(err)
				}
				runs, again := s.at(now, zone)
				word := map[bool]string{true: "runs", false: "waits"}[runs]
				got = append(got, now.Format(time.DateTime)+" "+word+", again "+clockText(again, zone)+", next "+clockText(s.next(now, zone), zone))
			}
			if want := lines(c.want); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

func clockText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "never"
	}
	return at.In(zone).Format(time.DateTime)
}

func TestBadSchedules(t *testing.T) {
	for options, want := range map[string]string{
		`{"cron":"0 6 * *","duration":"1h"}`:                                                                        `options.cron: "0 6 * *" is none: expected exactly 5 fields, found 4: [0 6 * *]; write five fields, such as "0 6 * * 1-5"`,
		`{"cron":"@every 1h","duration":"1m"}`:                                                                      `options.cron: @every has no fixed times; write five fields, such as "*/5 * * * *"`,
		`{"cron":"0 0 30 2 *","duration":"1m"}`:                                                                     `options.cron: "0 0 30 2 *": that time never comes`,
		`{"cron":"0 0 * * *"}`:                                                                                      `warning: options.cron has no effect without options.duration`,
		`{"cron":"0 0 * * *","duration":"later"}`:                                                                   `options.duration must be milliseconds or a text such as "10s", of at least 0, not the text "later"`,
		`{"cronDatetimeRange":"always"}`:                                                                            `options.cronDatetimeRange must be a list such as [{"begin": "2006-01-02 15:04:05", "end": "2006-01-02 16:00:00"}], not the text "always"`,
		`{"cronDatetimeRange":[{"begin":"2006-01-02 15:04:05","end":"noon"}]}`:                                      `options.cronDatetimeRange[0].end must be a time such as "2006-01-02 15:04:05", not "noon"`,
		`{"cronDatetimeRange":[{"begin":"2006-01-02 15:04:05","end":"2006-01-02 15:04:04"}]}`:                       `options.cronDatetimeRange[0]: begin must not be after end`,
		`{"duration":"1h","cronDatetimeRange":[{"begin":"2006-01-02 15:04:05","end":"2006-01-02 16:04:05"}]}`:       `options.duration and cronDatetimeRange together need a cron`,
		`{"cronDatetimeRange":[{"begin":"2006-01-02 15:04:05","end":"2006-01-02 16:04:05","beginTimeStamp":true}]}`: `options.cronDatetimeRange[0].beginTimestamp must be milliseconds since 1970, not true`,
	} {
		var note notes
		readSchedule(newObject("options.", json.RawMessage(options), &note))
		got := note.errs
		for _, w := range note.warnings {
			got = append(got, "warning: "+w)
		}
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s:\n got %q\nwant %q", options, got, want)
		}
	}
}

// Whatever the schedule: asking again when it says so is enough to see every
// change, and it always moves on.
func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{
		`{"cron":"0 6 * * *","duration":"2h"}`, `{"duration":10}`, `{"cron":"*/7 1-5 * 3 0","duration":"3m","cronDatetimeRange":[{"beginTimestamp":1767589200000,"endTimestamp":1769592800000}]}`,
	} {
		f.Add(seed, int64(1767589200))
	}
	zone := berlin(f)
	f.Fuzz(func(t *testing.T, options string, second int64) {
		var note notes
		s := readSchedule(newObject("options.", json.RawMessage(options), &note))
		if len(note.errs) > 0 || s == nil || s.once() {
			return
		}
		now := time.Unix(second%(1<<33), 0)
		runs, again := s.at(now, zone)
		if again.IsZero() {
			return
		}
		if !again.After(now) {
			t.Fatalf("%s at %v: again at %v", options, now, again)
		}
		if between, _ := s.at(again.Add(-1), zone); between != runs {
			t.Fatalf("%s: %v at %v, %v before %v", options, runs, now, between, again)
		}
		if next := s.next(now, zone); !next.IsZero() {
			if begun, _ := s.at(next, zone); !begun || !next.After(now) {
				t.Fatalf("%s at %v: next %v does not begin", options, now, next)
			}
		}
	})
}
