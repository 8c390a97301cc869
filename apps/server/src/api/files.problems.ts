import { registerProblems } from '@shaoying/http';

/** How refusals of photos are told. Imported once, for its effect, by the api role. */
registerProblems({
  FILE_NOT_FOUND: {
    status: 404,
    title: 'The incident has no such file',
    titleZh: '该事件没有此文件',
    detail: 'It was not named as evidence here, not sent yet by whoever named it, or removed.',
    detailZh: '该文件未在此事件中列为证据、提供者尚未上传，或已被移除。',
  },
  FILE_IS_PERSONAL: {
    status: 403,
    title: 'The reporter has marked the photos as personal',
    titleZh: '上报人已将照片标记为个人信息',
    detail: 'Whoever has the matter in hand has the reporter revealed first, with PHOTOS among the fields.',
    detailZh: '承办方须先申请披露上报人信息（fields 含 PHOTOS），记录在案后方可查看。',
  },
  FILE_TYPE_NOT_SUPPORTED: {
    status: 415,
    title: 'Files of this type are not taken',
    titleZh: '不支持此类文件',
    detail: 'Send a photo as image/jpeg, image/png or image/webp.',
    detailZh: '请以 image/jpeg、image/png 或 image/webp 上传照片。',
  },
  FILE_TYPE_MISMATCH: {
    status: 422,
    title: 'The file is not what its media type says',
    titleZh: '文件内容与声明的类型不符',
  },
  FILE_EMPTY: { status: 422, title: 'The file is empty', titleZh: '文件为空' },
  FILE_TOO_LARGE: { status: 413, title: 'The file is too large', titleZh: '文件过大' },
  FILE_UNREADABLE: {
    status: 422,
    title: 'The photo is cut off or broken',
    titleZh: '照片不完整或已损坏',
    detail: 'Send it again from the device that took it.',
    detailZh: '请从拍摄设备重新上传。',
  },
  FILE_TOO_MANY_PIXELS: {
    status: 422,
    title: 'The photo has too many pixels',
    titleZh: '照片像素过多',
    detail: 'At most 50 million are taken.',
    detailZh: '最多 5000 万像素。',
  },
  TOO_MANY_FILES: {
    status: 429,
    title: 'You have sent as many files as one may in a day',
    titleZh: '今日上传文件数量已达上限',
  },
  REPORTERS_SENT_TOO_MANY_FILES: {
    status: 429,
    title: 'As many photos as are taken of reporters in a day have been sent',
    titleZh: '今日接收的上报照片数量已达上限',
    detail: 'The report itself is recorded. Send the photo again tomorrow.',
    detailZh: '上报内容已记录，请明日再上传照片。',
  },
  TOO_MANY_UPLOADS: {
    status: 503,
    title: 'Too many files are being received at once',
    titleZh: '同时上传的文件过多',
    retryAfterSeconds: 2,
  },
  FILE_STORE_UNAVAILABLE: {
    status: 503,
    title: 'Files cannot be stored or read now',
    titleZh: '文件存储暂不可用',
    detail: 'Nothing was stored. Send it again.',
    detailZh: '文件未保存，请稍后重试。',
    retryAfterSeconds: 5,
  },
  FILE_DAMAGED: { status: 500, title: 'The stored file is damaged', titleZh: '所存文件已损坏' },
  IMAGES_NOT_SUPPORTED: {
    status: 501,
    title: 'This server has no program to decode photos',
    titleZh: '本服务器缺少图像处理组件',
    detail: 'Everything else works. The operator installs the platform package of sharp.',
    detailZh: '其他功能不受影响，请系统管理员安装 sharp 的平台组件。',
  },
});
