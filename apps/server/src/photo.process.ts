import { servePhotos } from '@shaoying/files';

/** Decodes photos beside the API, with none of its settings. */
servePhotos();
