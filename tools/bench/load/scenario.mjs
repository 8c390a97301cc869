// What the load generator sends, and as whom.

/** Bodies such as offices send: Chinese text, a place, an estate. Eight, since no two reports are the same. */
function reportBodies(extra) {
  const places = [
    '3 号楼东侧',
    '5 号楼门前',
    '北门',
    '地下车库入口',
    '2 单元楼道',
    '东墙外',
    '儿童乐园旁',
    '西门岗亭',
  ];
  return places.map((place, index) =>
    JSON.stringify({
      category: 'rubbish-heap',
      severity: 'MINOR',
      description: `${place}堆放装修垃圾，已有三天，影响居民通行，请尽快处理。`,
      location: { lon: 116.4 + index / 1_000, lat: 39.9, crs: 'WGS84', address: `柳荫花园${place}` },
      estateId: 'es-liuyin-garden',
      channel: 'PATROL',
      ...extra,
    }),
  );
}

/** @param server a running one of `server.mjs`, whose issuer gives the tokens */
export async function scenarioFor(server) {
  const departmentIds = [
    'dp-urban-management',
    'dp-housing',
    'dp-water',
    'dp-fire',
    'dp-ecology',
    'dp-transport',
  ];
  const principal = { id: 'bench-street-office-st-hepan', roles: ['street-office'], orgUnitId: 'st-hepan' };
  const street = await server.token('street-office', 'st-hepan');
  return {
    principal,
    reporter: street,
    street,
    departments: await Promise.all(
      departmentIds.map(async (id) => ({ id, token: await server.token('department', id) })),
    ),
    reports: reportBodies({}),
    personalReports: reportBodies({ reporter: { name: '王小明', phone: '+86 10 5550 0100' } }),
    filed: reportBodies({ file: true })[0],
    whistle: { kind: 'PUBLIC_DEMAND', reason: '居民反映多次，物业无权处理，请到场处置' },
    checkIn: JSON.stringify({
      note: '已到现场，正在处置',
      location: { lon: 116.4, lat: 39.9, crs: 'WGS84' },
    }),
  };
}
