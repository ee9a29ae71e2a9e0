/* A Modbus server of libmodbus: register n holds n, and every third bit is on,
   up to 1000 each. Usage: peer tcp PORT, or peer rtu DEVICE (115200 8N1, unit 1). */
#include <modbus.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 1000

static void serve(modbus_t *ctx, modbus_mapping_t *map) {
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	int n;
	while ((n = modbus_receive(ctx, query)) != -1)
		if (n > 0)
			modbus_reply(ctx, query, n, map);
}

int main(int argc, char **argv) {
	if (argc != 3)
		return 2;
	modbus_mapping_t *map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
	for (int i = 0; i < SIZE; i++) {
		map->tab_registers[i] = map->tab_input_registers[i] = i;
		map->tab_bits[i] = map->tab_input_bits[i] = i % 3 == 0;
	}
	if (strcmp(argv[1], "rtu") == 0) {
		modbus_t *ctx = modbus_new_rtu(argv[2], 115200, 'N', 8, 1);
		modbus_set_slave(ctx, 1);
		if (modbus_connect(ctx) == -1)
			return 1;
		for (;;)
			serve(ctx, map);
	}
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", atoi(argv[2]));
	int s = modbus_tcp_listen(ctx, 1);
	if (s == -1)
		return 1;
	while (modbus_tcp_accept(ctx, &s) != -1) {
		serve(ctx, map);
		modbus_close(ctx);
	}
	return 0;
}
