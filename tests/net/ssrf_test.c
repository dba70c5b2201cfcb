/* Nothing that a stranger can write makes the client connect to where it must not (design: outside
 * effects). In the tests' network every address is this machine, so that the guard alone stands
 * between a URL and the listener. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/net/net.h"

/* {P} stands for the listener's port; it listens on 80 and 443 as well. */
static const struct vector {
    const char *url;
    enum http_result expected;
} vectors[] = {
    /* IPv4, every range that is not public */
    {"http://127.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.2:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.1.2.3:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.127.127.127:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.255.255.254:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0.0.0.0:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0.255.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://10.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://10.255.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://100.64.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://100.100.100.200:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://100.127.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://168.63.129.16:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://169.254.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://169.254.169.254:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://169.254.170.2:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://172.16.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://172.17.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://172.31.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.0.0.192:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.0.2.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.88.99.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.168.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.168.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://198.18.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://198.19.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://198.51.100.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://203.0.113.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://224.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://239.255.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://240.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://255.255.255.255:{P}/", HTTP_REFUSED_ADDRESS},
    /* the scheme's own port, and https */
    {"http://127.0.0.1/", HTTP_REFUSED_ADDRESS},
    {"http://169.254.169.254/latest/meta-data/", HTTP_REFUSED_ADDRESS},
    {"https://127.0.0.1/", HTTP_REFUSED_ADDRESS},
    {"https://127.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"https://[::1]/", HTTP_REFUSED_ADDRESS},
    {"https://10.0.0.1/", HTTP_REFUSED_ADDRESS},
    {"HTTP://127.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"hTTpS://127.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    /* spellings of an IPv4 address */
    {"http://127.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.255:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://2130706433:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://017700000001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x7f000001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x7F000001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0X7f000001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0177.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0177.0.0.01:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x7f.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x7f.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x7f.0x0.0x0.0x1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0177.0x0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://00000177.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://127.000.000.001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0x0:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://00:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0.0:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0.0.0:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://10.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0xa.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://012.0.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://167772161:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0300.0250.0.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.168.1:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://192.168.257:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0xc0a80001:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://3232235521:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0xa9fea9fe:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://2852039166:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0xa9.0xfe.0xa9.0xfe:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://169.254.43518:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://0251.0376.0251.0376:{P}/", HTTP_REFUSED_ADDRESS},
    /* what is no address and might be read as one */
    {"http://127.0.0.1.:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1..:{P}/", HTTP_REFUSED_URL},
    {"http://.127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127..0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.256:{P}/", HTTP_REFUSED_URL},
    {"http://256.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.0x100:{P}/", HTTP_REFUSED_URL},
    {"http://4294967296:{P}/", HTTP_REFUSED_URL},
    {"http://0x100000000:{P}/", HTTP_REFUSED_URL},
    {"http://08.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.08:{P}/", HTTP_REFUSED_URL},
    {"http://1.2.3.0x:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1x.1:{P}/", HTTP_REFUSED_URL},
    {"http://999.999.999.999:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.-1:{P}/", HTTP_REFUSED_URL},
    {"http://localhost.:{P}/", HTTP_REFUSED_URL},
    {"http://localhost..:{P}/", HTTP_REFUSED_URL},
    {"http://.localhost:{P}/", HTTP_REFUSED_URL},
    /* IPv6, every range that is not public */
    {"http://[::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[0:0:0:0:0:0:0:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[0000:0000:0000:0000:0000:0000:0000:0001]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::0:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[0::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::2]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:7f00:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::FFFF:127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[0:0:0:0:0:ffff:127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:0.0.0.0]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:10.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:a00:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:169.254.169.254]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:a9fe:a9fe]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:192.168.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:100.64.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::7f00:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::10.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[::ffff:0:127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b::127.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b::7f00:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b::10.0.0.1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b::a9fe:a9fe]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b:1::7f00:1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[64:ff9b:1::8.8.8.8]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2002:7f00:1::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2002:a00:1::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2002:a9fe:a9fe::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2002:c0a8:1::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2002:808:808::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:0:7f00:1::]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:0:808:808:0:0:80ff:fffe]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:2::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:10::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:20::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[2001:db8::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[3fff::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[3ffe::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fc00::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fd00::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fd00:ec2::254]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fd20:ce::254]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fdff:ffff:ffff::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fe80::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[febf::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[fec0::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[feff::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[ff02::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[ff0e::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[100::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[100:0:0:1::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[200::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[400::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[4000::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[5f00::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[8000::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[c000::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[e000::1]:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://[1::1]:{P}/", HTTP_REFUSED_ADDRESS},
    /* names */
    {"http://localhost:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://LOCALHOST:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://LocalHost/", HTTP_REFUSED_ADDRESS},
    {"http://a.localhost:{P}/", HTTP_REFUSED_ADDRESS},
    {"https://localhost:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://loopback.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://loopback6.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://both-loopbacks.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://zero.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://zero6.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://private10.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://private172.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://private192.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://metadata.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://cgnat.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://host-agent.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://multicast.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://broadcast.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://mapped.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://mapped-private.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://compatible.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://nat64.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://nat64-local.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://6to4.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://teredo.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://unique-local.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://link-local6.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://all-private.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"http://LOOPBACK.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"https://loopback.test:{P}/", HTTP_REFUSED_ADDRESS},
    {"https://metadata.test/", HTTP_REFUSED_ADDRESS},
    {"http://nobody.test:{P}/", HTTP_NO_NAME},
    /* user part, and hosts within something else */
    {"http://user@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://user:word@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://8.8.8.8@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://8.8.8.8:80@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://:@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://public.test@loopback.test:{P}/", HTTP_REFUSED_URL},
    {"http://a@b@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://public.test%40127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://public.test#@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}#@public.test/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}/#", HTTP_REFUSED_URL},
    {"http://public.test\\@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}\\@public.test/", HTTP_REFUSED_URL},
    {"http://public.test:80\\127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P};@public.test/", HTTP_REFUSED_URL},
    {"http://public.test;127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://public.test,127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1&@public.test:{P}/", HTTP_REFUSED_URL},
    {"http://$127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://'127.0.0.1':{P}/", HTTP_REFUSED_URL},
    {"http://(127.0.0.1):{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1*:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1!:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1~:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1=:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1+:{P}/", HTTP_REFUSED_URL},
    /* encoded, hidden and foreign characters */
    {"http://127.0.0.%31:{P}/", HTTP_REFUSED_URL},
    {"http://%31%32%37.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127%2e0%2e0%2e1:{P}/", HTTP_REFUSED_URL},
    {"http://%6c%6f%63%61lhost:{P}/", HTTP_REFUSED_URL},
    {"http://local%00host:{P}/", HTTP_REFUSED_URL},
    {"http://[%3a%3a1]:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1%23:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1 :{P}/", HTTP_REFUSED_URL},
    {"http:// 127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {" http://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}/ x", HTTP_REFUSED_URL},
    {"http://127.0.0.1\t:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1\r\n:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}/\r\nHost: public.test", HTTP_REFUSED_URL},
    {"\thttp://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http\n://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1\x7f:{P}/", HTTP_REFUSED_URL},
    {"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://127\xe3\x80\x82"
     "0.0.1:{P}/",
     HTTP_REFUSED_URL},
    {"http://\xef\xbd\x8c\xef\xbd\x8f\xef\xbd\x83\xef\xbd\x81\xef\xbd\x8chost:{P}/",
     HTTP_REFUSED_URL},
    {"http://local\xc2\xadhost:{P}/", HTTP_REFUSED_URL},
    {"http://\xff\xfe:{P}/", HTTP_REFUSED_URL},
    {"http://\xd9\xa1\xd9\xa2\xd9\xa7.0.0.1:{P}/", HTTP_REFUSED_URL},
    /* brackets, zones and ports */
    {"http://[::1%25lo]:{P}/", HTTP_REFUSED_URL},
    {"http://[fe80::1%25lo]:{P}/", HTTP_REFUSED_URL},
    {"http://[fe80::1%lo]:{P}/", HTTP_REFUSED_URL},
    {"http://[::1:{P}/", HTTP_REFUSED_URL},
    {"http://::1:{P}/", HTTP_REFUSED_URL},
    {"http://::1/", HTTP_REFUSED_URL},
    {"http://[127.0.0.1]:{P}/", HTTP_REFUSED_URL},
    {"http://[localhost]:{P}/", HTTP_REFUSED_URL},
    {"http://[]:{P}/", HTTP_REFUSED_URL},
    {"http://[::1]x:{P}/", HTTP_REFUSED_URL},
    {"http://[::1]@public.test:{P}/", HTTP_REFUSED_URL},
    {"http://[[::1]]:{P}/", HTTP_REFUSED_URL},
    {"http://[::g]:{P}/", HTTP_REFUSED_URL},
    {"http://[v1.1]:{P}/", HTTP_REFUSED_URL},
    {"http://[::1].public.test:{P}/", HTTP_REFUSED_URL},
    {"http://[:::1]:{P}/", HTTP_REFUSED_URL},
    {"http://[1:2:3:4:5:6:7:8:9]:{P}/", HTTP_REFUSED_URL},
    {"http://[::ffff:127.1]:{P}/", HTTP_REFUSED_URL},
    {"http://[::ffff:0177.0.0.1]:{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:0/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:00000/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:65536/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:99999/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:-1/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:+{P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:0x50/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:80a/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}:80/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:/", HTTP_REFUSED_URL},
    {"http://127.0.0.1: {P}/", HTTP_REFUSED_URL},
    {"http://127.0.0.1:{P}.0/", HTTP_REFUSED_URL},
    /* schemes and shapes */
    {"", HTTP_REFUSED_URL},
    {"/", HTTP_REFUSED_URL},
    {"//127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"localhost:{P}", HTTP_REFUSED_URL},
    {"http:", HTTP_REFUSED_URL},
    {"http:/", HTTP_REFUSED_URL},
    {"http://", HTTP_REFUSED_URL},
    {"http:///", HTTP_REFUSED_URL},
    {"http:///127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http:/127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http:127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http:////127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"https:///127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://?@127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http://:{P}/", HTTP_REFUSED_URL},
    {"http:\\\\127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http:/\\127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"file:///etc/passwd", HTTP_REFUSED_URL},
    {"file://127.0.0.1/etc/passwd", HTTP_REFUSED_URL},
    {"ftp://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"gopher://127.0.0.1:{P}/_x", HTTP_REFUSED_URL},
    {"dict://127.0.0.1:{P}/x", HTTP_REFUSED_URL},
    {"ldap://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"smtp://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"telnet://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"tftp://127.0.0.1:{P}/x", HTTP_REFUSED_URL},
    {"ws://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"imap://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"rtsp://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"scp://127.0.0.1:{P}/x", HTTP_REFUSED_URL},
    {"mqtt://127.0.0.1:{P}/x", HTTP_REFUSED_URL},
    {"jar:http://127.0.0.1:{P}/!/", HTTP_REFUSED_URL},
    {"url:http://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"javascript:alert(1)", HTTP_REFUSED_URL},
    {"data:text/plain,x", HTTP_REFUSED_URL},
    {"httpx://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    {"http+unix://%2fvar%2frun%2fx.sock/", HTTP_REFUSED_URL},
    {"unix:/var/run/x.sock", HTTP_REFUSED_URL},
    {"view-source:http://127.0.0.1:{P}/", HTTP_REFUSED_URL},
    /* shapes that are read as usual */
    {"http://127.0.0.1:{P}", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:{P}?x=1", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:{P}/?@public.test", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:{P}/@public.test/", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:{P}//public.test/", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:{P}/..;/", HTTP_REFUSED_ADDRESS},
    {"http://127.0.0.1:0{P}/", HTTP_REFUSED_URL},
};

/* Puts the port in the place of {P}. */
static void with_port(const char *pattern, uint16_t port, char out[300])
{
    const char *place = strstr(pattern, "{P}");
    if (place == NULL)
        snprintf(out, 300, "%s", pattern);
    else
        snprintf(out, 300, "%.*s%u%s", (int)(place - pattern), pattern, port, place + 3);
}

/* The proxies that the environment names must not be asked. */
static void name_proxies(uint16_t port)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", port);
    for (size_t i = 0; i < NET_COUNT(names); i++)
        setenv(names[i], proxy, 1);
}

static void test_vectors(void)
{
    uint16_t port, known[2] = {80, 443};
    int listeners[3] = {net_listen(0, &port), -1, -1};
    struct http_client *client = net_client(false);
    char url[300];

    for (size_t i = 0; i < 2 && net_own_network; i++)
        listeners[i + 1] = net_listen(known[i], &known[i]);
    name_proxies(port);
    for (size_t i = 0; i < NET_COUNT(vectors); i++) {
        with_port(vectors[i].url, port, url);
        struct http_outcome outcome = net_call(client, url, i % 2 == 0);
        NET_SAME(url, http_result_name(outcome.result), http_result_name(vectors[i].expected));
        NET_CHECK(url, outcome.status == 0 && outcome.answer_len == 0);
        NET_CHECK(url, (outcome.address[0] != '\0') == (outcome.result == HTTP_REFUSED_ADDRESS));
        NET_CHECK(url, outcome.problem[0] != '\0');
        for (size_t j = 0; j < 3; j++)
            NET_CHECK(url, listeners[j] < 0 || net_connections(listeners[j], NULL) == 0);
    }
    NET_CHECK("enough vectors", NET_COUNT(vectors) >= 120);
    http_stop(client);
    for (size_t j = 0; j < 3; j++)
        if (listeners[j] >= 0)
            close(listeners[j]);
}

/* The same listener hears of every public address: the vectors above are refused by the guard and
 * not by the network. */
static void test_public(void)
{
    static const char *const rows[][2] = {
        {"http://8.8.8.8:{P}/", "8.8.8.8"},
        {"http://1.1.1.1:{P}/", "1.1.1.1"},
        {"http://134744072:{P}/", "8.8.8.8"},
        {"http://9.255.255.255:{P}/", "9.255.255.255"},
        {"http://11.0.0.0:{P}/", "11.0.0.0"},
        {"http://100.63.255.255:{P}/", "100.63.255.255"},
        {"http://100.128.0.0:{P}/", "100.128.0.0"},
        {"http://126.255.255.255:{P}/", "126.255.255.255"},
        {"http://128.0.0.1:{P}/", "128.0.0.1"},
        {"http://172.15.255.255:{P}/", "172.15.255.255"},
        {"http://172.32.0.0:{P}/", "172.32.0.0"},
        {"http://192.0.1.0:{P}/", "192.0.1.0"},
        {"http://198.17.255.255:{P}/", "198.17.255.255"},
        {"http://198.20.0.0:{P}/", "198.20.0.0"},
        {"http://223.255.255.255:{P}/", "223.255.255.255"},
        {"http://[::ffff:8.8.8.8]:{P}/", "8.8.8.8"},
        {"http://[64:ff9b::8.8.8.8]:{P}/", "64:ff9b::808:808"},
        {"http://[2606:4700::1111]:{P}/", "2606:4700::1111"},
        {"http://[2001:4860:4860::8888]:{P}/", "2001:4860:4860::8888"},
        {"http://[2001:200::1]:{P}/", "2001:200::1"},
        {"http://[2003::1]:{P}/", "2003::1"},
        {"http://[3ffd::1]:{P}/", "3ffd::1"},
        {"http://public.test:{P}/", "8.8.8.8"},
        {"http://PUBLIC6.test:{P}/", "2606:4700::1111"},
        {"http://private-first.test:{P}/", "8.8.8.8"},
        {"http://private6-first.test:{P}/", "8.8.8.8"},
    };
    uint16_t port;
    struct net_shop *shop = net_shop_open(&port);
    struct http_client *client = net_client(false);
    char url[300], request[8192], local[HTTP_ADDRESS_SIZE];

    name_proxies(port);
    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        with_port(rows[i][0], port, url);
        struct http_outcome outcome = net_call(client, url, true);
        NET_SAME(url, http_result_name(outcome.result), "answered");
        net_shop_last(shop, request, local);
        NET_SAME(url, local, rows[i][1]);
        NET_CHECK(url, strncmp(request, "GET / HTTP/1.1\r\n", 16) == 0);
        NET_CHECK(url, strstr(outcome.address, rows[i][1]) != NULL);
    }
    NET_CHECK("each heard once", net_shop_requests(shop) == NET_COUNT(rows));
    /* 134744072 is 8.8.8.8, whose connection was kept. */
    NET_CHECK("no second connection", net_shop_connections(shop) == NET_COUNT(rows) - 1);
    http_stop(client);
    net_shop_close(shop);
}

/* A name that is public when it is first looked up and ours later. A new client asks again each
 * time, as the retrier does after its cache has forgotten. */
static void test_changing_name(void)
{
    static const char *const expected[] = {"answered", "address_refused", "address_refused"};
    uint16_t port;
    struct net_shop *shop = net_shop_open(&port);
    char url[300], request[8192], local[HTTP_ADDRESS_SIZE];

    with_port("http://changing.test:{P}/", port, url);
    for (unsigned i = 0; i < NET_COUNT(expected); i++) {
        struct http_client *client = net_client(false);
        struct http_outcome outcome = net_call(client, url, false);
        NET_SAME(url, http_result_name(outcome.result), expected[i]);
        NET_CHECK("asked each time", net_lookups("changing.test") == i + 1);
        http_stop(client);
    }
    net_shop_last(shop, request, local);
    NET_SAME("only the public address", local, "8.8.8.8");
    NET_CHECK("once", net_shop_connections(shop) == 1);
    net_shop_close(shop);
}

/* A connection that is kept was allowed when it was made, and serves its own name and port only. */
static void test_kept_connection(void)
{
    uint16_t port;
    struct net_shop *shop = net_shop_open(&port);
    struct http_client *client = net_client(false);
    char url[300], request[8192], local[HTTP_ADDRESS_SIZE];

    with_port("http://kept.test:{P}/", port, url);
    for (int i = 0; i < 3; i++) {
        struct http_outcome outcome = net_call(client, url, false);
        NET_SAME(url, http_result_name(outcome.result), "answered");
        NET_CHECK("its address is told", strncmp(outcome.address, "8.8.8.8:", 8) == 0);
    }
    NET_CHECK("kept", net_shop_connections(shop) == 1 && net_shop_requests(shop) == 3);
    with_port("http://loopback.test:{P}/", port, url);
    NET_SAME(url, http_result_name(net_call(client, url, false).result), "address_refused");
    with_port("https://kept.test:{P}/", port, url);
    NET_CHECK(url, net_call(client, url, false).result != HTTP_ANSWERED);
    net_shop_last(shop, request, local);
    NET_SAME("only the public address", local, "8.8.8.8");
    NET_CHECK("no more requests", net_shop_requests(shop) == 3);
    http_stop(client);
    net_shop_close(shop);
}

static void test_redirects(void)
{
    static const int statuses[] = {300, 301, 302, 303, 305, 307, 308};
    uint16_t port;
    struct net_shop *shop = net_shop_open(&port);
    struct http_client *client = net_client(false);
    char url[300];

    for (size_t i = 0; i < NET_COUNT(statuses); i++) {
        snprintf(url, sizeof(url), "http://8.8.8.8:%u/redirect/%d", port, statuses[i]);
        struct http_outcome outcome = net_call(client, url, i % 2 == 0);
        NET_SAME(url, http_result_name(outcome.result), "answered");
        NET_CHECK(url, outcome.status == statuses[i]);
        NET_CHECK(url, net_shop_requests(shop) == i + 1);
    }
    snprintf(url, sizeof(url), "http://8.8.8.8:%u/refresh", port);
    NET_SAME(url, http_result_name(net_call(client, url, true).result), "answered");
    NET_CHECK(url, net_shop_requests(shop) == NET_COUNT(statuses) + 1);
    http_stop(client);
    net_shop_close(shop);
}

/* What development opens is the loopback and nothing else. */
static void test_loopback_allowed(void)
{
    static const struct {
        const char *url;
        const char *expected;
    } rows[] = {
        {"http://127.0.0.1:{P}/", "answered"},
        {"http://127.1.2.3:{P}/", "answered"},
        {"http://[::1]:{P}/", "answered"},
        {"http://[::ffff:127.0.0.1]:{P}/", "answered"},
        {"http://localhost:{P}/", "answered"},
        {"http://coming-home.test:{P}/", "answered"},
        {"http://0.0.0.0:{P}/", "address_refused"},
        {"http://[::]:{P}/", "address_refused"},
        {"http://[::127.0.0.1]:{P}/", "address_refused"},
        {"http://[64:ff9b::127.0.0.1]:{P}/", "address_refused"},
        {"http://10.0.0.1:{P}/", "address_refused"},
        {"http://169.254.169.254:{P}/", "address_refused"},
        {"http://192.168.0.1:{P}/", "address_refused"},
        {"http://[fd00::1]:{P}/", "address_refused"},
        {"http://[fe80::1]:{P}/", "address_refused"},
        {"http://user@127.0.0.1:{P}/", "url_refused"},
    };
    uint16_t port;
    unsigned answered = 0;
    struct net_shop *shop = net_shop_open(&port);
    struct http_client *client = net_client(true);
    char url[300];

    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        with_port(rows[i].url, port, url);
        struct http_outcome outcome = net_call(client, url, false);
        NET_SAME(url, http_result_name(outcome.result), rows[i].expected);
        answered += outcome.result == HTTP_ANSWERED;
        NET_CHECK(url, net_shop_requests(shop) == answered);
    }
    http_stop(client);

    with_port("http://coming-home.test:{P}/", port, url);
    for (unsigned i = 0; i < 2; i++) { /* 10.0.0.1, then the loopback again */
        client = net_client(true);
        NET_SAME(url, http_result_name(net_call(client, url, false).result),
                 i == 0 ? "address_refused" : "answered");
        http_stop(client);
    }
    net_shop_close(shop);
}

/* What an explanation says is what a delivery would do, and nothing is connected to. */
static void test_look_up(void)
{
    static const struct {
        const char *url, *expected, *address; /* without its port */
        bool allow_loopback;
    } rows[] = {
        {"http://public.test:{P}/", "answered", "8.8.8.8", false},
        {"https://public6.test:{P}/ipn", "answered", "[2606:4700::1111]", false},
        {"http://private-first.test:{P}/", "answered", "8.8.8.8", false},
        {"http://8.8.8.8:{P}/", "answered", "8.8.8.8", false},
        {"http://shop.test:{P}/", "answered", "127.0.0.1", true},
        {"http://shop.test:{P}/", "address_refused", "127.0.0.1", false},
        {"http://metadata.test:{P}/", "address_refused", "169.254.169.254", true},
        {"http://mapped-private.test:{P}/", "address_refused", "[::ffff:10.0.0.1]", true},
        {"http://[::1]:{P}/", "address_refused", "[::1]", false},
        {"http://nobody.test:{P}/", "name_unknown", "", false},
        {"http://slow-shop.test:{P}/", "timeout", "", false},
        {"http://user@public.test:{P}/", "url_refused", "", false},
        {"ftp://public.test:{P}/", "url_refused", "", false},
    };
    uint16_t port;
    int listener = net_listen(0, &port);
    char url[300], address[HTTP_ADDRESS_SIZE];
    struct http_looked_up found;

    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        int64_t start_us = clock_mono_us();
        with_port(rows[i].url, port, url);
        NET_CHECK(url, http_look_up(url, rows[i].allow_loopback, 400, &found) == ERR_OK);
        NET_SAME(url, http_result_name(found.result), rows[i].expected);
        snprintf(address, sizeof(address), "%s:%u", rows[i].address, port);
        NET_SAME(url, found.address, rows[i].address[0] == '\0' ? "" : address);
        NET_CHECK(url, clock_mono_us() - start_us < 1500000);
    }
    NET_CHECK("nothing connected", net_connections(listener, NULL) == 0);
    close(listener);
}

static const struct net_test tests[] = {
    {"vectors", test_vectors, false},
    {"public addresses", test_public, true},
    {"a name that changes", test_changing_name, true},
    {"kept connections", test_kept_connection, true},
    {"redirects", test_redirects, true},
    {"loopback allowed", test_loopback_allowed, false},
    {"looked up", test_look_up, false},
    {NULL, NULL, false},
};
const struct net_suite suite_ssrf = {"server-side request forgery", tests};
