package function

// Builtin returns a new set of the functions of the dialect, to which an
// embedder may add its own. Make it once: filling it takes longer than
// compiling a query.
func Builtin() *Set {
	s := NewSet()
	for _, err := range []error{
		s.Add(
			absolute, acos, asin, atan, atan2, bitand, bitnot, bitor, bitxor, ceil, conv, cos, cosh, cot, degrees, exp,
			floor, ln, log, mod, pi, power, radians, random, round, sign, sin, sinh, sqrt, tan, tanh,
		),
		s.Add(
			concat, endswith, format, indexof, length, lower, lpad, ltrim, numbytes, regexpMatches, regexpReplace,
			regexpSubstr, reverse, rpad, rtrim, splitValue, startswith, substring, trim, upper,
		),
		s.Add(
			arrayCardinality, arrayConcat, arrayContains, arrayContainsAny, arrayCreate, arrayDistinct, arrayExcept,
			arrayFlatten, arrayIntersect, arrayJoin, arrayLastPosition, arrayMap(s), arrayMax, arrayMin, arrayPosition,
			arrayRemove, arrayShuffle, arraySort, arrayUnion, cardinality, elementAt, kvpairArrayToObj, repeat, sequence,
		),
		s.Add(erase, items, keys, object, objectConcat, objectConstruct, objectPick, objectSize, objToKvpairArray, values, zip),
		s.Add(
			cast, chr, coalesce, crc32Hash, dec2hex, decode, encode, hex2dec, isnull, md5Hash, parseJSON, sha1Hash,
			sha256Hash, sha384Hash, sha512Hash, toJSON, trunc,
		),
		s.Add(
			curDate, curTime, dateCalc, dateDiff, day, dayName, dayOfWeek, dayOfYear, formatTime, fromDays, fromUnixTime,
			hour, lastDay, micros, minute, month, monthName, now, quarter, second, toSeconds, tstamp, year,
		),
		s.Add(eventTime, newuuid, ruleID, ruleStart, windowEnd, windowStart, windowTrigger),
		s.AddAggregate(
			avg, collect, count, greatest, lastValue, least, median, mergeAgg, percentileCont, percentileDisc,
			sampleStddev, sampleVariance, stddev, sum, variance,
		),
	} {
		if err != nil {
			panic(err) // two declarations of this package clash
		}
	}
	return s
}
