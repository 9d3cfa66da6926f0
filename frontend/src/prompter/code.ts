export { QRCodeSVG } from '@rc-component/qrcode'
