import { assertMayBeCalled, mayBeCalled, type AddressPolicy } from './address-policy.js';

const production: AddressPolicy = { localAddresses: [], httpsOnly: true };
const trial: AddressPolicy = { localAddresses: ['127.0.0.1', '10.1.0.0/16', 'fd00::/8'], httpsOnly: false };

const refused: Readonly<Record<string, readonly string[]>> = {
  'this network': ['0.0.0.0', '0.1.2.3'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  'link-local and cloud metadata': ['169.254.0.23', '169.254.169.254', 'fe80::1', 'fd00:ec2::254'],
  'metadata outside of link-local': ['100.100.100.200', '168.63.129.16', '192.0.0.192'],
  'shared by a carrier': ['100.64.0.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  broadcast: ['255.255.255.255'],
  'reserved, documentation, benchmarks': [
    ...['192.0.0.1', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '240.0.0.1'],
    ...['2001:db8::1', '3fff::1', '2001:2::1', '100::1', '5f00::1', 'fec0::1', '2001:10::1'],
  ],
  'IPv4 within IPv6: mapped': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::ffff:169.254.169.254',
  ],
  'IPv4 within IPv6: compatible and translated': ['::127.0.0.1', '::8.8.8.8', '::ffff:0:127.0.0.1'],
  'IPv4 within IPv6: NAT64': ['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::7f00:1'],
  'IPv4 within IPv6: 6to4 and Teredo': ['2002:7f00:1::', '2002:808:808::1', '2001:0:4136:e378::1'],
  'not assigned to the internet': ['::', '1::1', '4000::1', '8000::1', 'e000::1'],
  'with a zone': ['fe80::1%eth0', '2400:3200::1%1'],
  'no address': ['', 'localhost', '1.2.3', '0x7f000001', '1.2.3.4.5', '8.8.8.8/8'],
};

describe('an address', () => {
  it.each(Object.entries(refused))('that is %s is not called', (_what, addresses) => {
    for (const address of addresses)
      expect([address, mayBeCalled(address, production)]).toEqual([address, false]);
  });

  it.each([
    '8.8.8.8',
    '114.114.114.114',
    '172.32.0.1',
    '100.128.0.1',
    '2400:3200::1',
    '2001:4860:4860::8888',
  ])('of the public internet is: %s', (address) => expect(mayBeCalled(address, production)).toBe(true));

  it('that is named for a trial is called, and its neighbours are not', () => {
    const called = ['127.0.0.1', '10.1.2.3', 'fd12::1'];
    const not = ['127.0.0.2', '10.2.0.1', '::1', '::ffff:127.0.0.1', 'fe80::1'];
    expect(called.filter((address) => mayBeCalled(address, trial))).toEqual(called);
    expect(not.filter((address) => mayBeCalled(address, trial))).toEqual([]);
  });
});

describe("an endpoint's URL", () => {
  it.each([
    ...[
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0177.0.0.1/',
      'https://0x7f.1/',
      'https://127.1/',
    ],
    ...[
      'https://①②⑦.⓪.⓪.①/',
      'https://127。0。0。1/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::1]:8443/hook',
    ],
    ...[
      'https://169.254.169.254/latest/meta-data/',
      'https://0/',
      'https://localhost/',
      'https://LOCALHOST./',
    ],
    ...['https://a.localhost/', 'https://127.0.0.1./', 'https://[::]/', 'https://0xa9fea9fe/'],
  ])('whose host is an inside address in any spelling is refused: %s', (url) => {
    expect(() => assertMayBeCalled(url, production)).toThrow(/inside of networks/);
  });

  it.each([
    ['http://hooks.example.gov.cn/', /https/],
    ['ftp://hooks.example.gov.cn/', /https/],
    ['file:///etc/passwd', /https/],
    ['javascript:alert(1)', /https/],
    ['https://user:secret@hooks.example.gov.cn/', /credentials/],
    ['https://user@hooks.example.gov.cn/', /credentials/],
    [`https://hooks.example.gov.cn/${'x'.repeat(500)}`, /longer/],
    ['hooks.example.gov.cn', /no URL/],
    ['https://', /no URL/],
    ['https://256.256.256.256/', /no URL/],
    ['', /no URL/],
  ])('%s is refused', (url, why) => {
    expect(() => assertMayBeCalled(url, production)).toThrow(why);
  });

  it('is kept as it will be called', () => {
    expect(assertMayBeCalled('HTTPS://Hooks.Example.gov.cn:443/a?b=1#c', production).href).toBe(
      'https://hooks.example.gov.cn/a?b=1',
    );
    expect(assertMayBeCalled('http://127.0.0.1:9000/', trial).href).toBe('http://127.0.0.1:9000/');
  });
});
