/* A server by libmodbus: holding register N holds 3 * N, input register N holds 5 * N, every third
 * coil and input is on. usage: libmodbus_server PORT */
#include <modbus/modbus.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", argc < 2 ? 1502 : atoi(argv[1]));
    modbus_mapping_t *map = modbus_mapping_new(500, 500, 500, 500);
    int n, listener;
    if (ctx == NULL || map == NULL)
        return 1;
    for (n = 0; n < 500; n++) {
        map->tab_bits[n] = n % 3 == 0;
        map->tab_input_bits[n] = n % 3 == 0;
        map->tab_registers[n] = 3 * n;
        map->tab_input_registers[n] = 5 * n;
    }
    listener = modbus_tcp_listen(ctx, 4);
    if (listener < 0)
        return 1;
    for (;;) { /* one client at a time, as many small devices */
        unsigned char query[MODBUS_TCP_MAX_ADU_LENGTH];
        int length;
        if (modbus_tcp_accept(ctx, &listener) < 0)
            return 1;
        while ((length = modbus_receive(ctx, query)) >= 0)
            if (length > 0)
                modbus_reply(ctx, query, length, map);
        modbus_close(ctx);
    }
}
