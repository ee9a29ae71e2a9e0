package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	databaseKills = 6
	orderPace     = 3 * time.Millisecond // between two orders
)

// TestSourcesThatRemember kills the rules service while it reads a table of
// PostgreSQL and a stream of Redis, and writes them to PostgreSQL and Redis.
// Every row and every entry arrives, for the first time in its order.
func TestSourcesThatRemember(t *testing.T) {
	t.Parallel()
	pg := servers.Postgres(t)
	cache := servers.Redis(t)
	db, err := sql.Open("pgx", pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rdb := redis.NewClient(&redis.Options{Addr: cache.Addr()})
	defer rdb.Close()
	for _, text := range []string{"CREATE TABLE orders (n BIGINT PRIMARY KEY)", "CREATE TABLE seen (id BIGSERIAL, n BIGINT)"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	r := stack.NewRules(t, stack.Bus{Type: "redis", Port: cache.Port})
	define := func(name, kind, source string, props map[string]any) {
		extra, err := json.Marshal(props)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]string{"sql": fmt.Sprintf(`CREATE STREAM %s (n BIGINT) WITH (TYPE=%q, DATASOURCE=%q, EXTRA="%s")`,
			name, kind, source, strings.ReplaceAll(string(extra), `"`, `\"`))})
		if err != nil {
			t.Fatal(err)
		}
		stack.MustCall(t, 201, "POST", r.API+"/streams", string(text))
	}
	define("orders", "sql", "orders", map[string]any{"dburl": pg.URL("postgres"), "interval": "20ms",
		"internalSqlQueryCfg": map[string]any{"table": "orders", "indexFields": []any{map[string]any{"indexField": "n", "indexValue": 0}}}})
	define("entries", "redisStream", "entries", map[string]any{"addr": cache.Addr(), "start": "0"})
	rule := `{"id":%q,"sql":"SELECT n FROM %s","actions":[{%q:%s}]}`
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(rule, "table", "orders", "sql", fmt.Sprintf(`{"dburl":%q,"table":"seen"}`, pg.URL("postgres"))))
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(rule, "stream", "entries", "redis", fmt.Sprintf(`{"addr":%q,"key":"seen","dataType":"list"}`, cache.Addr())))

	n := 0
	for range databaseKills {
		for end := time.Now().Add(time.Second + rand.N(time.Second)); time.Now().Before(end); time.Sleep(orderPace) {
			n++
			if _, err := db.ExecContext(t.Context(), "INSERT INTO orders VALUES ($1)", n); err != nil {
				t.Fatal(err)
			}
			if err := rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "entries", Values: []any{"n", n}}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		r.Kill()
		r.Restart(t)
	}
	fromTable := func(ctx context.Context) (list []int, err error) {
		rows, err := db.QueryContext(ctx, "SELECT n FROM seen ORDER BY id")
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var got int
			if err := rows.Scan(&got); err != nil {
				return nil, err
			}
			list = append(list, got)
		}
		return list, rows.Err()
	}
	fromList := func(ctx context.Context) (list []int, err error) {
		texts, err := rdb.LRange(ctx, "seen", 0, -1).Result()
		for i := len(texts) - 1; i >= 0; i-- { // the last one is in front
			var row struct{ N int }
			if err := json.Unmarshal([]byte(texts[i]), &row); err != nil {
				return nil, err
			}
			list = append(list, row.N)
		}
		return list, err
	}
	for name, seen := range map[string]func(context.Context) ([]int, error){"table": fromTable, "stream": fromList} {
		var f *firsts
		stack.Eventually(t, func(ctx context.Context) error {
			list, err := seen(ctx)
			f = &firsts{}
			for _, got := range list {
				f.take([]byte(`{"N":` + strconv.Itoa(got) + `}`))
			}
			if err == nil && f.count() < n {
				err = fmt.Errorf("%s: %d of %d came; %s", name, f.count(), n, stack.MustCall(t, 200, "GET", r.API+"/rules/"+name+"/status", ""))
			}
			return err
		})
		if f.wrong != "" {
			t.Errorf("%s: %s", name, f.wrong)
		}
		t.Logf("%s: %d in order, 0 lost, %d twice, with %d kills", name, f.count(), f.twice, databaseKills)
	}
}
