package main

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// definitions are the streams of the examples.
const definitions = `CREATE STREAM demo (temperature FLOAT, humidity FLOAT, device STRING, running BOOLEAN, tags ARRAY(STRING)) WITH (TYPE="mqtt", DATASOURCE="demo");
CREATE STREAM free () WITH (TYPE="mqtt", DATASOURCE="free");
CREATE TABLE halls (device STRING, hall STRING) WITH (TYPE="file", DATASOURCE="halls.json");
CREATE TABLE limits (device STRING, high FLOAT) WITH (TYPE="redis", DATASOURCE="0", KIND="lookup");
`

// params are the parameters of the examples' rule.
var params = map[string]value.Value{"threshold": value.OfInt(80)}

// class is a code with mistakes that give it, each on its own.
type class struct {
	code     diag.Code
	meaning  string
	mistakes []string
}

// classes are all codes; TestEveryCodeIsThere compares them with those of diag.
var classes = []class{
	{diag.Syntax, "The text is no statement of the dialect. Names that are reserved words, or have other characters than letters, digits and `_`, stand in backticks; where another SQL has a word for it, the hint names what the dialect has instead.", []string{
		"SELECT temperature, FROM demo",
		"SELECT device FROM demo WHERE temperature > 80 AND",
		"SELECT * FROM demo WHERE device == \"a\"",
		"SELECT device || \"x\" AS name FROM demo",
		"SELECT DISTINCT device FROM demo",
		"CREATE STREM demo ()",
	}},
	{diag.UnknownStream, "FROM or JOIN names a stream or table that is not defined. Names are case-sensitive.", []string{
		"SELECT temperature FROM Demo",
	}},
	{diag.UnknownColumn, "A declared stream has no such column. Streams without declared columns take any name.", []string{
		"SELECT temprature FROM demo",
		"SELECT device FROM demo WHERE flag",
		"SELECT device, hall FROM demo INNER JOIN halls ON demo.device = halls.device",
	}},
	{diag.UnknownFunction, "There is no function of that name; functions.md has them all.", []string{
		"SELECT rounds(temperature) AS t FROM demo",
	}},
	{diag.UnknownParam, "`$name` is no parameter of the rule.", []string{
		"SELECT device FROM demo WHERE temperature > $treshold",
	}},
	{diag.UnknownOption, "WITH has a key that streams do not know.", []string{
		"CREATE STREAM s () WITH (DATASORCE=\"x\")",
	}},
	{diag.BadOption, "The value of an option of WITH does not fit.", []string{
		"CREATE STREAM s () WITH (SHARED=\"maybe\")",
		"CREATE TABLE t () WITH (KIND=\"look-up\")",
		"CREATE STREAM s () WITH (EXTRA=\"{qos: 1}\")",
	}},
	{diag.NoOverload, "A function or a window is called with a number or with kinds of arguments that it does not take.", []string{
		"SELECT round() AS t FROM demo",
		"SELECT sqrt(\"4\") AS t FROM demo",
		"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(10)",
	}},
	{diag.TypeMismatch, "An operator, a condition or a clause gets a kind of value that it cannot work with. On streams without declared columns the same mistake shows when a row comes.", []string{
		"SELECT device FROM demo WHERE device > 7",
		"SELECT device FROM demo WHERE temperature",
		"SELECT device + \"-1\" AS name FROM demo",
		"SELECT temperature->x AS x FROM demo",
		"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 0)",
		"CREATE STREAM s (a BIGINT DEFAULT \"none\") WITH (TYPE=\"mqtt\")",
	}},
	{diag.Duplicate, "Two things have one name, or there are two where one can be.", []string{
		"SELECT device AS id, humidity AS id FROM demo",
		"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 10), TUMBLINGWINDOW(mi, 1)",
		"CREATE STREAM s (a BIGINT, a FLOAT) WITH (TYPE=\"mqtt\")",
	}},
	{diag.Cycle, "Aliases are computed from each other. Only in its own definition an alias may name the column that it hides.", []string{
		"SELECT b + 1 AS a, a + 1 AS b FROM free",
	}},
	{diag.Misplaced, "The thing exists, but not in this place.", []string{
		"SELECT device, count(*) AS n FROM demo GROUP BY device",
		"SELECT avg(max(temperature)) AS t FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)",
		"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 10) HAVING device = \"a\"",
		"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 10) OVER (WHEN temperature > 80)",
		"SELECT demo.device, free.a FROM demo INNER JOIN free ON demo.device = free.device",
		"SELECT demo.device, high FROM demo INNER JOIN limits ON demo.temperature > limits.high",
		"SELECT temperature, row_number() OVER (WHEN running) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)",
	}},
	{diag.Unsupported, "The statement can be read, but there is no way to run it.", []string{
		"SELECT device FROM halls",
		"SELECT limits.device, demo.temperature FROM limits INNER JOIN demo ON limits.device = demo.device",
	}},
}

// failure is a query that fails on a row of a stream with these columns.
type failure struct{ columns, sql, row string }

var failures = []failure{
	{"a BIGINT, b BIGINT", "SELECT a / b AS q FROM s", `{"a":1,"b":0}`},
	{"a BIGINT, b BIGINT", "SELECT a * b AS p FROM s", `{"a":9007199254740993,"b":1000000}`},
	{"", "SELECT a FROM s WHERE a > 7", `{"a":"8"}`},
	{"", "SELECT a + b AS c FROM s", `{"a":1,"b":"2"}`},
	{"", "SELECT a FROM s WHERE b", `{"a":1,"b":"yes"}`},
	{"", "SELECT a[2] AS third FROM s", `{"a":[1,2]}`},
	{"", `SELECT cast(a, "bigint") AS n FROM s`, `{"a":"1.5"}`},
	{"", "SELECT sum(a) AS total FROM s GROUP BY TUMBLINGWINDOW(ss, 10)", `{"a":"x"}`},
	{"a BIGINT", "SELECT a FROM s", `{"a":"x"}`},
	{"a BIGINT", "SELECT a FROM s", `{"a":1.5}`},
}
